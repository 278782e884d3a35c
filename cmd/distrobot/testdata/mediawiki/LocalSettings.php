<?php
# Settings of one generation of a wiki; rendered by distrobot.
if ( !defined( 'MEDIAWIKI' ) ) {
	exit;
}
$wgSitename = 'Wiki of ${SITE_URI}';
$wgServer = '${SITE_URL}';
$wgScriptPath = '';
$wgDBtype = 'mysql';
$wgDBserver = '${SITE_DB_SERVER}';
$wgDBname = '${SITE_DB_NAME}';
$wgDBuser = '${SITE_DB_USER}';
$wgDBpassword = '${SITE_DB_PASSWORD}';
$wgSecretKey = '${SITE_SECRET_KEY}';
$wgEnableUploads = true;
$wgUploadDirectory = "$IP/images";
$wgCacheDirectory = "$IP/cache";
$wgEnableEmail = false;
$wgJobRunRate = 0;
wfLoadSkin( 'Vector' );
