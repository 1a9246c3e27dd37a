// MongoDB's driver for Go against the engine: one check per function, named as it is printed.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

var ctx = context.Background()

func url() string {
	return fmt.Sprintf("mongodb://%s:%s@127.0.0.1:%s/?authSource=admin&replicaSet=rs0",
		os.Getenv("WEFTKIT_TEST_USER"), os.Getenv("WEFTKIT_TEST_PASSWORD"), os.Getenv("WEFTKIT_TEST_PORT"))
}

func connect() *mongo.Client {
	return must(mongo.Connect(options.Client().ApplyURI(url())))
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

type order struct {
	ID    int      `bson:"_id"`
	Buyer string   `bson:"buyer"`
	Total float64  `bson:"total"`
	Lines []string `bson:"lines"`
}

func connectsBySeedAndByURI() {
	client := connect()
	defer client.Disconnect(ctx)
	expect("ping", client.Ping(ctx, nil) == nil)
	login := options.Credential{Username: os.Getenv("WEFTKIT_TEST_USER"), Password: os.Getenv("WEFTKIT_TEST_PASSWORD"), AuthMechanism: "SCRAM-SHA-1"}
	seed := must(mongo.Connect(options.Client().SetHosts([]string{"127.0.0.1:" + os.Getenv("WEFTKIT_TEST_PORT")}).SetAuth(login)))
	defer seed.Disconnect(ctx)
	expect("ping of a seed", seed.Ping(ctx, nil) == nil)
	login.Password = "wrong"
	wrong := must(mongo.Connect(options.Client().SetHosts([]string{"127.0.0.1:" + os.Getenv("WEFTKIT_TEST_PORT")}).SetAuth(login)))
	defer wrong.Disconnect(ctx)
	expect("a wrong password", wrong.Ping(ctx, nil) != nil)
}

func writesAndReadsDocuments() {
	client := connect()
	defer client.Disconnect(ctx)
	orders := client.Database("check_go").Collection("orders")
	expect("drop", orders.Drop(ctx) == nil)
	docs := []order{{1, "ann", 10, []string{"a"}}, {2, "bob", 20, []string{"a", "b"}}, {3, "ann", 30, nil}}
	must(orders.InsertMany(ctx, docs))
	_, err := orders.InsertOne(ctx, docs[0])
	expect("a duplicate", mongo.IsDuplicateKeyError(err))
	var found []order
	cursor := must(orders.Find(ctx, bson.D{{Key: "buyer", Value: "ann"}}, options.Find().SetSort(bson.D{{Key: "_id", Value: -1}}).SetBatchSize(1)))
	expect("all", cursor.All(ctx, &found) == nil && len(found) == 2 && found[0].ID == 3 && found[1].Lines[0] == "a")
	updated := must(orders.UpdateMany(ctx, bson.D{}, bson.D{{Key: "$inc", Value: bson.D{{Key: "total", Value: 1}}}}))
	expect("updated", updated.ModifiedCount == 3)
	sums := must(orders.Aggregate(ctx, mongo.Pipeline{
		{{Key: "$group", Value: bson.D{{Key: "_id", Value: "$buyer"}, {Key: "sum", Value: bson.D{{Key: "$sum", Value: "$total"}}}}}},
		{{Key: "$sort", Value: bson.D{{Key: "_id", Value: 1}}}},
	}))
	var groups []bson.M
	expect("sums", sums.All(ctx, &groups) == nil && len(groups) == 2 && groups[0]["sum"] == 42.0)
	result := must(client.BulkWrite(ctx, []mongo.ClientBulkWrite{
		{Database: "check_go", Collection: "a", Model: mongo.NewClientInsertOneModel().SetDocument(bson.D{{Key: "x", Value: 1}})},
		{Database: "check_go", Collection: "b", Model: mongo.NewClientDeleteManyModel().SetFilter(bson.D{})},
	}))
	expect("bulk", result.InsertedCount == 1)
}

func transacts() {
	client := connect()
	defer client.Disconnect(ctx)
	accounts := client.Database("check_go").Collection("accounts")
	expect("drop", accounts.Drop(ctx) == nil)
	must(accounts.InsertMany(ctx, []bson.D{{{Key: "_id", Value: "a"}, {Key: "n", Value: 10}}, {{Key: "_id", Value: "b"}, {Key: "n", Value: 0}}}))
	session := must(client.StartSession())
	defer session.EndSession(ctx)
	add := func(ctx context.Context, id string, n int) {
		must(accounts.UpdateByID(ctx, id, bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: n}}}}))
	}
	must(session.WithTransaction(ctx, func(ctx context.Context) (any, error) {
		add(ctx, "a", -5)
		add(ctx, "b", 5)
		return nil, nil
	}))
	_, err := session.WithTransaction(ctx, func(ctx context.Context) (any, error) {
		add(ctx, "a", -100)
		return nil, fmt.Errorf("not enough")
	})
	expect("the error is told", err != nil)
	var a bson.M
	expect("a", accounts.FindOne(ctx, bson.D{{Key: "_id", Value: "a"}}).Decode(&a) == nil && a["n"] == int32(5))
}

func followsChanges() {
	client := connect()
	defer client.Disconnect(ctx)
	events := client.Database("check_go").Collection("events")
	expect("drop", events.Drop(ctx) == nil)
	stream := must(events.Watch(ctx, mongo.Pipeline{}))
	must(events.InsertMany(ctx, []bson.D{{{Key: "_id", Value: 1}}, {{Key: "_id", Value: 2}}}))
	expect("first", stream.Next(ctx) && stream.Current.Lookup("documentKey", "_id").AsInt64() == 1)
	token := stream.ResumeToken()
	expect("close", stream.Close(ctx) == nil)
	again := must(events.Watch(ctx, mongo.Pipeline{}, options.ChangeStream().SetResumeAfter(token)))
	defer again.Close(ctx)
	expect("second", again.Next(ctx) && again.Current.Lookup("documentKey", "_id").AsInt64() == 2)
}

func keepsFiles() {
	client := connect()
	defer client.Disconnect(ctx)
	bucket := client.Database("check_go").GridFSBucket()
	content := make([]byte, 600_000)
	rand.Read(content)
	id := must(bucket.UploadFromStream(ctx, "a.bin", bytes.NewReader(content)))
	read := must(io.ReadAll(must(bucket.OpenDownloadStream(ctx, id))))
	expect("content", bytes.Equal(read, content))
	expect("delete", bucket.Delete(ctx, id) == nil)
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
	check("connects by seed and by URI", connectsBySeedAndByURI)
	check("writes and reads documents", writesAndReadsDocuments)
	check("transacts", transacts)
	check("follows changes", followsChanges)
	check("keeps files", keepsFiles)
	if failed {
		os.Exit(1)
	}
}
