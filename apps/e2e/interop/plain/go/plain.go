package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"time"
)

type Credential struct {
	Secret, Fingerprint     string
	RenewsInMs, ExpiresInMs int64
	until                   time.Time
}

var held Credential

// credential gives the live token; credential("/rejections", `{"fingerprint":"…","code":40001}`) replaces a refused one.
func credential(path, body string) (Credential, error) {
	sent, method := time.Now(), map[bool]string{true: "GET", false: "POST"}[body == ""]
	if body == "" && sent.Before(held.until) {
		return held, nil
	}
	asked, _ := http.NewRequest(method, os.Getenv("LINGPAI_URL")+"/v1/credentials/"+os.Getenv("LINGPAI_REF")+path, bytes.NewBufferString(body))
	asked.Header = http.Header{"Authorization": {"Bearer " + os.Getenv("LINGPAI_KEY")}, "Content-Type": {"application/json"}}
	answer, err := (&http.Client{Timeout: 30 * time.Second}).Do(asked)
	if err != nil {
		return held, err
	}
	defer answer.Body.Close()
	err = json.NewDecoder(answer.Body).Decode(&held)
	held.until = sent.Add(time.Duration(min(held.RenewsInMs, held.ExpiresInMs, 5_000)) * time.Millisecond)
	return held, err
}
