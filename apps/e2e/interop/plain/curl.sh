# The live token as "secret", and how long it lives, in ms:
curl -sS --max-time 30 -H "Authorization: Bearer $LINGPAI_KEY" "$LINGPAI_URL/v1/credentials/$LINGPAI_REF"

# The next one: answered at the commit after this one, or with 304 after 55 s:
curl -sS --max-time 60 -H "Authorization: Bearer $LINGPAI_KEY" -H "If-None-Match: \"$COMMIT_ID\"" "$LINGPAI_URL/v1/credentials/$LINGPAI_REF?wait=55"

# WeChat refused it (40001, 40014, 42001): the answer has its replacement:
curl -sS --max-time 30 -H "Authorization: Bearer $LINGPAI_KEY" -H "Content-Type: application/json" -d "{\"fingerprint\":\"$FINGERPRINT\",\"code\":40001}" "$LINGPAI_URL/v1/credentials/$LINGPAI_REF/rejections"
