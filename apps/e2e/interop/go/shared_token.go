package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync/atomic"
	"time"

	"github.com/go-redis/redis/v8"
)

// SharedToken reads the token that Lingpai mirrors and never fetches one: officialAccount.SetAccessTokenHandle(&SharedToken{…}).
type SharedToken struct {
	Redis redis.UniversalClient
	Key   string // gowechat_officialaccount__access_token_{appid}
	last  atomic.Value
}

func (s *SharedToken) GetAccessToken() (string, error) {
	token, err := s.Redis.Get(context.Background(), s.Key).Result()
	if err == nil {
		s.last.Store(token)
	} else if last, ok := s.last.Load().(string); ok {
		return last, nil // Redis is failing over; the last token is as good as ever
	}
	return token, err
}

// Refused reports a token that WeChat refused with 40001, 40014 or 42001; the next call finds another.
func (s *SharedToken) Refused(token string, code int64) {
	hash := sha256.Sum256([]byte(token))
	s.Redis.SetNX(context.Background(), "lingpai:refused:"+hex.EncodeToString(hash[:]), code, 10*time.Second)
}
