<?php
// Calls WeChat twice a second with the token that Lingpai mirrors. EasyWeChat itself is not needed: only the
// interface that it asks for a token, as its version 6 declares it.
namespace EasyWeChat\Kernel\Contracts {
    interface AccessToken
    {
        public function getToken(): string;
        public function toQuery(): array;
    }
}

namespace {
    require __DIR__ . '/shared_token.php';

    /** A Redis handle that asks the sentinels for the master whenever a command fails. */
    final class SentinelRedis extends \Redis
    {
        private function again(\Closure $command): mixed
        {
            try {
                return $command();
            } catch (\RedisException) {
                $this->toMaster();
                return $command();
            }
        }

        public function toMaster(): void
        {
            foreach (explode(',', getenv('SENTINELS')) as $each) {
                [$host, $port] = explode(':', $each);
                try {
                    $found = (new \RedisSentinel($host, (int) $port, 0.2))->getMasterAddrByName(getenv('MASTER'));
                    if ($found) {
                        $this->connect($found[0], (int) $found[1], 0.2, null, 0, 0.2);
                        return;
                    }
                } catch (\RedisException) { /* the next one may know */ }
            }
            throw new \RedisException('No sentinel knows the master.');
        }

        public function get($key): mixed
        {
            return $this->again(fn () => parent::get($key));
        }

        public function set($key, $value, $options = null): mixed
        {
            return $this->again(fn () => parent::set($key, $value, $options));
        }
    }

    $redis = new SentinelRedis();
    $redis->toMaster();
    $shared = new SharedToken($redis, getenv('APP_ID'));
    $ends = time() + (int) getenv('SECONDS');
    while (time() < $ends) {
        $query = $shared->toQuery();
        $answer = @file_get_contents(getenv('PLATFORM_URL') . '/cgi-bin/getcallbackip?' . http_build_query($query));
        $code = $answer === false ? -2 : (json_decode($answer, true)['errcode'] ?? 0);
        if (in_array($code, [40001, 40014, 42001], true)) {
            try {
                $shared->refused($query['access_token'], $code);
            } catch (\RedisException) { /* reported at the next refusal */ }
        }
        echo json_encode(['atMs' => (int) (microtime(true) * 1000), 'code' => $code]), "\n";
        usleep(500_000);
    }
}
