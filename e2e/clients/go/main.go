// go-redis against the engine: one check per function, named as it is printed.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

var ctx = context.Background()

func options() *redis.Options {
	return &redis.Options{
		Addr:     "127.0.0.1:" + os.Getenv("WEFTKIT_TEST_PORT"),
		Username: os.Getenv("WEFTKIT_TEST_USER"),
		Password: os.Getenv("WEFTKIT_TEST_PASSWORD"),
	}
}

func connect(changes ...func(*redis.Options)) *redis.Client {
	o := options()
	for _, change := range changes {
		change(o)
	}
	return redis.NewClient(o)
}

// expect fails a check; main recovers and prints it.
func expect(what string, ok bool) {
	if !ok {
		panic(what)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err.Error())
	}
	return value
}

func logsIn() {
	expect("ping", must(connect().Ping(ctx).Result()) == "PONG")
	alone := connect(func(o *redis.Options) { o.Username = "" })
	expect("password alone", must(alone.Ping(ctx).Result()) == "PONG")
}

func refusesAWrongPassword() {
	err := connect(func(o *redis.Options) { o.Password = "wrong" }).Ping(ctx).Err()
	expect(fmt.Sprint(err), err != nil && strings.HasPrefix(err.Error(), "WRONGPASS"))
}

func repliesIn(protocol int) func() {
	return func() {
		client := connect(func(o *redis.Options) { o.Protocol = protocol })
		client.Del(ctx, "hash", "zset", "set")
		client.HSet(ctx, "hash", "a", 1, "b", 2)
		hash := must(client.HGetAll(ctx, "hash").Result())
		expect("hash", len(hash) == 2 && hash["b"] == "2")
		client.ZAdd(ctx, "zset", redis.Z{Score: 1.5, Member: "one"}, redis.Z{Score: math.Inf(1), Member: "two"})
		expect("score", must(client.ZScore(ctx, "zset", "one").Result()) == 1.5)
		scores := must(client.ZRangeWithScores(ctx, "zset", 0, -1).Result())
		expect("scores", len(scores) == 2 && math.IsInf(scores[1].Score, 1))
		client.SAdd(ctx, "set", "x", "y")
		expect("set", must(client.SIsMember(ctx, "set", "x").Result()))
		_, err := client.Get(ctx, "absent").Result()
		expect("nil", errors.Is(err, redis.Nil))
	}
}

func keepsBytes() {
	client := connect()
	every := make([]byte, 256_000)
	for i := range every {
		every[i] = byte(i)
	}
	must(client.Set(ctx, "bytes\x00", every, time.Minute).Result())
	expect("value", bytes.Equal(must(client.Get(ctx, "bytes\x00").Bytes()), every))
}

func pipelines() {
	client := connect()
	client.Del(ctx, "n")
	replies := must(client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := 0; i < 5000; i++ {
			pipe.Incr(ctx, "n")
		}
		return nil
	}))
	expect("last reply", replies[4999].(*redis.IntCmd).Val() == 5000)
}

func runsTransactions() {
	client, other := connect(), connect()
	client.Del(ctx, "n")
	replies := must(client.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Incr(ctx, "n")
		pipe.Incr(ctx, "n")
		return nil
	}))
	expect("replies", replies[1].(*redis.IntCmd).Val() == 2)
	err := client.Watch(ctx, func(tx *redis.Tx) error {
		other.Set(ctx, "n", 10, 0)
		_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			return pipe.Incr(ctx, "n").Err()
		})
		return err
	}, "n")
	expect("watched key", errors.Is(err, redis.TxFailedErr))
}

func publishesAndSubscribes() {
	client := connect()
	subscription := connect().Subscribe(ctx, "news")
	defer subscription.Close()
	must(subscription.Receive(ctx))
	expect("receivers", must(client.Publish(ctx, "news", "hello").Result()) == 1)
	message := must(subscription.ReceiveMessage(ctx))
	expect("message", message.Channel == "news" && message.Payload == "hello")
}

func waitsInABlockingPop() {
	client := connect()
	client.Del(ctx, "queue")
	popped := make(chan []string)
	go func() { popped <- connect().BLPop(ctx, 10*time.Second, "queue").Val() }()
	for !strings.Contains(client.Info(ctx, "clients").Val(), "blocked_clients:1") {
	}
	client.RPush(ctx, "queue", "job")
	expect("popped", strings.Join(<-popped, " ") == "queue job")
	expect("time-out", errors.Is(client.BLPop(ctx, time.Second, "queue").Err(), redis.Nil))
}

func scansAllKeys() {
	client := connect()
	must(client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := 0; i < 3000; i++ {
			pipe.Set(ctx, fmt.Sprintf("scan:%d", i), i, 0)
		}
		return nil
	}))
	seen := map[string]bool{}
	for cursor := client.Scan(ctx, 0, "scan:*", 500).Iterator(); cursor.Next(ctx); {
		seen[cursor.Val()] = true
	}
	expect("keys", len(seen) == 3000)
}

func speaksTLS() {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(must(os.ReadFile(os.Getenv("WEFTKIT_TEST_CA"))))
	client := connect(func(o *redis.Options) {
		o.Addr = "localhost:" + os.Getenv("WEFTKIT_TEST_TLS_PORT")
		o.TLSConfig = &tls.Config{RootCAs: roots, ServerName: "localhost"}
	})
	must(client.Set(ctx, "k", strings.Repeat("x", 1_000_000), 0).Result())
	expect("length", len(must(client.Get(ctx, "k").Result())) == 1_000_000)
}

func reconnects() {
	client := connect(func(o *redis.Options) { o.PoolSize = 1 })
	id := must(client.ClientID(ctx).Result())
	expect("killed", must(connect().Do(ctx, "CLIENT", "KILL", "ID", id).Int()) == 1)
	expect("ping", must(client.Ping(ctx).Result()) == "PONG")
}

func main() {
	failed := false
	check := func(name string, run func()) {
		defer func() {
			if reason := recover(); reason != nil {
				failed = true
				fmt.Printf("not ok %s: %v\n", name, reason)
			} else {
				fmt.Printf("ok %s\n", name)
			}
		}()
		run()
	}
	check("logs in", logsIn)
	check("refuses a wrong password", refusesAWrongPassword)
	check("speaks RESP2", repliesIn(2))
	check("speaks RESP3", repliesIn(3))
	check("keeps bytes", keepsBytes)
	check("pipelines", pipelines)
	check("runs transactions", runsTransactions)
	check("publishes and subscribes", publishesAndSubscribes)
	check("waits in a blocking pop", waitsInABlockingPop)
	check("scans all keys", scansAllKeys)
	check("speaks TLS", speaksTLS)
	check("reconnects", reconnects)
	if failed {
		os.Exit(1)
	}
}
