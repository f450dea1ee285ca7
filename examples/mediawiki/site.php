<?php
// /srv/wiki/shared/site.php of production: root:www-data, mode 0640.
$wgServer = 'https://wiki.example.org';
$wgDBserver = 'localhost';
$wgDBname = 'wiki';
$wgDBuser = 'wiki';
$wgDBpassword = 'change me';
$wgSecretKey = 'change me, 64 hexadecimal digits';

$wgEnableEmail = true;
$wgEmergencyContact = $wgPasswordSender = 'wiki@example.org';
$wgSMTP = [ 'host' => 'mail.example.org', 'IDHost' => 'example.org', 'port' => 25, 'auth' => false ];
