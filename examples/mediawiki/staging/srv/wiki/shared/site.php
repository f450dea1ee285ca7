<?php
// /srv/wiki/shared/site.php of staging: nothing of production's, and no mail.
$wgServer = 'https://wiki.staging.example.org';
$wgDBserver = 'localhost';
$wgDBname = 'wiki';
$wgDBuser = 'wiki';
$wgDBpassword = 'of no use elsewhere';
$wgSecretKey = 'of no use elsewhere either';

$wgEnableEmail = false;
