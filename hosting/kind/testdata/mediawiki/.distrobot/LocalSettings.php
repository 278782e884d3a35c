<?php
// Settings of one site; distrobot fills them in.
if (!defined('MEDIAWIKI')) {
	exit;
}
$wgSitename = '${SITE_URI}';
$wgServer = '${SITE_URL}';
$wgScriptPath = '';
$wgResourceBasePath = $wgScriptPath;
$wgDBtype = 'mysql';
$wgDBserver = '${SITE_DB_SERVER}';
$wgDBname = '${SITE_DB_NAME}';
$wgDBuser = '${SITE_DB_USER}';
$wgDBpassword = '${SITE_DB_PASSWORD}';
$wgDBTableOptions = 'ENGINE=InnoDB, DEFAULT CHARSET=binary';
$wgSecretKey = '${SITE_SECRET_MEDIAWIKI_KEY}';
$wgUpgradeKey = '${SITE_SECRET_MEDIAWIKI_UPGRADE_KEY}';
$wgEnableUploads = true;
$wgMainCacheType = CACHE_DB;
$wgDefaultSkin = 'vector';
wfLoadSkin('Vector');
