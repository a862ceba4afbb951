"""Calls WeChat twice a second through wechatpy: with a session of its own, or with the token that Lingpai mirrors."""
import json
import os
import time

import redis
import requests
from redis.sentinel import Sentinel
from requests.adapters import HTTPAdapter
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException
from wechatpy.session.redisstorage import RedisStorage

from shared_token import shared_client

platform, app_id = os.environ["PLATFORM_URL"], os.environ["APP_ID"]


class Simulated(HTTPAdapter):
    """The hosts are written into the SDK; requests' transport adapters are the documented way round that."""

    def send(self, request, **options):
        request.url = request.url.replace("https://api.weixin.qq.com", platform, 1)
        return super().send(request, **options)


def client_from_environment():
    if "SENTINELS" not in os.environ:
        own = redis.Redis.from_url("redis://" + os.environ["REDIS"])
        return WeChatClient(app_id, os.environ["SECRET"], session=RedisStorage(own))
    hosts = [tuple(each.rsplit(":", 1)) for each in os.environ["SENTINELS"].split(",")]
    sentinel = Sentinel(hosts, socket_timeout=0.2)
    return shared_client(app_id, sentinel.master_for(os.environ["MASTER"], socket_timeout=0.2))


client = client_from_environment()
client._http.mount("https://api.weixin.qq.com", Simulated())
ends = time.time() + int(os.environ["SECONDS"])
while time.time() < ends:
    code, token = 0, None
    try:
        if "SENTINELS" in os.environ:
            token = client.access_token
        client.misc.get_wechat_ips()
    except WeChatClientException as refusal:
        code = refusal.errcode or -2
    except (redis.RedisError, requests.RequestException, RuntimeError, RecursionError):
        code = -2
    if token is not None and code in (40001, 40014, 42001):
        client.session.refused(token, code)
    print(json.dumps({"atMs": int(time.time() * 1000), "code": code}), flush=True)
    time.sleep(0.5)
