<?php

use EasyWeChat\Kernel\Contracts\AccessToken;

/** Reads the token that Lingpai mirrors and never fetches one: $app->setAccessToken(new SharedToken($redis, $appId)). */
final class SharedToken implements AccessToken
{
    private string $last = '';

    public function __construct(private \Redis $redis, private string $appId) {}

    public function getToken(): string
    {
        try { // the key of the convention "wxjava/mp", because it holds the text alone
            $this->last = $this->redis->get("wx:access_token:{$this->appId}") ?: $this->last;
        } catch (\RedisException) { /* Redis is failing over; the last token is as good as ever */ }
        return $this->last;
    }

    public function toQuery(): array { return ['access_token' => $this->getToken()]; }

    /** Reports a token that WeChat refused with 40001, 40014 or 42001; the next call finds another. */
    public function refused(string $token, int $code): void
    {
        $this->redis->set('lingpai:refused:' . hash('sha256', $token), $code, ['nx', 'ex' => 10]);
    }
}
