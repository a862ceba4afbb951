<?php
// Calls the platform twice a second with the token of a token server.
require __DIR__ . '/plain.php';

$ends = time() + (int) getenv('SECONDS');
while (time() < $ends) {
    try {
        $present = credential();
        $url = getenv('PLATFORM_URL') . '/cgi-bin/getcallbackip?' . http_build_query(['access_token' => $present['secret']]);
        $answer = @file_get_contents($url);
        $code = $answer === false ? -2 : (json_decode($answer, true)['errcode'] ?? 0);
        if (in_array($code, [40001, 40014, 42001], true)) {
            credential('/rejections', ['fingerprint' => $present['fingerprint'], 'code' => $code]);
        }
    } catch (\JsonException) {
        $code = -2;
    }
    echo json_encode(['atMs' => (int) (microtime(true) * 1000), 'code' => $code]), "\n";
    usleep(500_000);
}
