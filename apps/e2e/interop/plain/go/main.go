// Command plain calls the platform twice a second with the token of a token server.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"
)

func main() {
	seconds, _ := strconv.Atoi(os.Getenv("SECONDS"))
	for end := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		fmt.Printf("{\"atMs\":%d,\"code\":%d}\n", time.Now().UnixMilli(), call())
	}
}

func call() int {
	present, err := credential("", "")
	if err != nil {
		return -2
	}
	answer, err := http.Get(os.Getenv("PLATFORM_URL") + "/cgi-bin/getcallbackip?access_token=" + present.Secret)
	if err != nil {
		return -2
	}
	defer answer.Body.Close()
	var body struct{ Errcode int }
	if json.NewDecoder(answer.Body).Decode(&body) != nil {
		return -2
	}
	if body.Errcode == 40001 || body.Errcode == 40014 || body.Errcode == 42001 {
		credential("/rejections", fmt.Sprintf(`{"fingerprint":%q,"code":%d}`, present.Fingerprint, body.Errcode))
	}
	return body.Errcode
}
