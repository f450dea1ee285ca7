<?php
// Part of each release, beside wiki/. What is of the host stands in site.php: shared, no release.
if ( !defined( 'MEDIAWIKI' ) ) {
	exit;
}
require __DIR__ . '/site.php';

$wgSitename = 'Harbour';
$wgScriptPath = '';
$wgLanguageCode = 'en';
wfLoadSkin( 'Vector' );

$wgEnableUploads = true;
$wgUploadDirectory = '/srv/wiki/shared/uploads';
$wgUploadPath = '/uploads';

// Who watches a page hears of its changes, by mail.
$wgEnotifWatchlist = true;
$wgEnotifUserTalk = true;

// wiki-jobs.service works through them; a visit never does.
$wgJobRunRate = 0;

// Built before the window (`install.run`), so that nobody needs to write beside the code.
$wgLocalisationCacheConf['store'] = 'array';
$wgLocalisationCacheConf['storeDirectory'] = __DIR__ . '/cache';
$wgLocalisationCacheConf['manualRecache'] = true;

$wgDebugLogGroups['exception'] = '/var/log/wiki/error.log';
$wgDebugLogGroups['error'] = '/var/log/wiki/error.log';
