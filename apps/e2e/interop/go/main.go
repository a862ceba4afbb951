// Command go calls WeChat twice a second through silenceper/wechat: with a cache of its own, or with the token that Lingpai mirrors.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-redis/redis/v8"
	"github.com/silenceper/wechat/v2"
	"github.com/silenceper/wechat/v2/cache"
	"github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/util"
	"github.com/sirupsen/logrus"
)

func main() {
	logrus.SetOutput(io.Discard)
	appID, platform := os.Getenv("APP_ID"), os.Getenv("PLATFORM_URL")
	// The SDK's own way to another address: its hosts are written into it.
	util.SetURIModifier(func(uri string) string {
		base := platform
		if tokens := os.Getenv("TOKENS_URL"); tokens != "" && tokenRoutes.MatchString(uri) {
			base = tokens // a token server: its routes for SDKs, with its key as the secret
		}
		return strings.Replace(uri, "https://api.weixin.qq.com", base, 1)
	})

	own := cache.NewRedis(context.Background(), &cache.RedisOpts{Host: os.Getenv("REDIS")})
	account := wechat.NewWechat().GetOfficialAccount(&config.Config{AppID: appID, AppSecret: os.Getenv("SECRET"), Cache: own})
	var shared *SharedToken
	if sentinels := os.Getenv("SENTINELS"); sentinels != "" {
		client := redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: os.Getenv("MASTER"), SentinelAddrs: strings.Split(sentinels, ","),
			DialTimeout: 200 * time.Millisecond, ReadTimeout: 200 * time.Millisecond, MaxRetries: -1,
		})
		redis.SetLogger(quiet{})
		shared = &SharedToken{Redis: client, Key: "gowechat_officialaccount__access_token_" + appID}
		account.SetAccessTokenHandle(shared)
	}
	seconds, _ := strconv.Atoi(os.Getenv("SECONDS"))
	for end := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		token := ""
		if shared != nil {
			token, _ = shared.GetAccessToken()
		}
		_, err := account.GetBasic().GetCallbackIP()
		code := int64(0)
		var refusal *util.CommonError
		if errors.As(err, &refusal) {
			code = refusal.ErrCode
		} else if err != nil {
			code = -2
		}
		if shared != nil && (code == 40001 || code == 40014 || code == 42001) {
			shared.Refused(token, code)
		}
		fmt.Printf("{\"atMs\":%d,\"code\":%d}\n", time.Now().UnixMilli(), code)
	}
}

var tokenRoutes = regexp.MustCompile(`/cgi-bin/(token|stable_token|ticket/getticket)\b`)

type quiet struct{}

func (quiet) Printf(context.Context, string, ...interface{}) {}
