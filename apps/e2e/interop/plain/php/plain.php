<?php
/** The live token as ['secret']; credential('/rejections', ['fingerprint' => …, 'code' => 40001]) replaces a refused one. */
function credential(string $path = '', ?array $body = null): array
{
    static $held = [], $untilNs = 0;
    $sentNs = hrtime(true);
    if ($body === null && $sentNs < $untilNs) return $held;
    $headers = ['Authorization: Bearer ' . getenv('LINGPAI_KEY'), 'Content-Type: application/json'];
    $http = ['method' => $body === null ? 'GET' : 'POST', 'header' => $headers, 'content' => json_encode($body), 'timeout' => 30];
    $url = getenv('LINGPAI_URL') . '/v1/credentials/' . getenv('LINGPAI_REF') . $path;
    $held = json_decode(file_get_contents($url, false, stream_context_create(['http' => $http])), true, 9, JSON_THROW_ON_ERROR);
    $untilNs = $sentNs + 1_000_000 * min($held['renewsInMs'], $held['expiresInMs'], 5_000);
    return $held;
}
