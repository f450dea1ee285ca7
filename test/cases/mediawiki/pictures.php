<?php
// pictures.php DIRECTORY: pictures that are larger than they are shown.
foreach ( [ 'Lighthouse' => 40, 'Pier' => 120, 'Harbour_2019' => 200 ] as $name => $hue ) {
	$picture = imagecreatetruecolor( 480, 320 );
	for ( $x = 0; $x < 480; $x++ ) {
		imageline( $picture, $x, 0, 479 - $x, 319,
			imagecolorallocate( $picture, $hue, $x % 256, ( $x * 7 ) % 256 ) );
	}
	imagepng( $picture, "$argv[1]/$name.png" );
}
