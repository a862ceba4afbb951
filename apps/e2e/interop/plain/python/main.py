"""Calls the platform twice a second with the token of a token server."""
import json
import os
import time
import urllib.request

from plain import credential

ends = time.monotonic() + int(os.environ["SECONDS"])
while time.monotonic() < ends:
    code = 0
    try:
        present = credential()
        url = os.environ["PLATFORM_URL"] + "/cgi-bin/getcallbackip?access_token=" + present["secret"]
        with urllib.request.urlopen(url, timeout=5) as answer:
            code = json.load(answer).get("errcode", 0)
        if code in (40001, 40014, 42001):
            credential("/rejections", {"fingerprint": present["fingerprint"], "code": code})
    except OSError:
        code = -2
    print(json.dumps({"atMs": int(time.time() * 1000), "code": code}), flush=True)
    time.sleep(0.5)
