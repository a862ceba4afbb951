import hashlib

import redis
from wechatpy import WeChatClient
from wechatpy.session.redisstorage import RedisStorage


class SharedSession(RedisStorage):
    """Reads the token that Lingpai mirrors, and never writes one."""

    last = None

    def get(self, key, default=None):
        try:
            self.last = super().get(key) or self.last
        except redis.RedisError:
            pass  # Redis is failing over; the last token is as good as ever
        return self.last or default

    def set(self, key, value, ttl=None):
        raise RuntimeError("Lingpai fetches the tokens, this service only reads them.")

    def refused(self, token, code):
        """Reports a token that WeChat refused with 40001, 40014 or 42001; the next call finds another."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        self.redis.set("lingpai:refused:" + digest, code, nx=True, ex=10)


def shared_client(app_id, client):
    """Without a secret it cannot fetch by itself; without auto_retry it does not try to."""
    return WeChatClient(app_id, secret="", session=SharedSession(client), auto_retry=False)
