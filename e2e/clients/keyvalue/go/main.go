// AWS SDK for Go v2 against the engine: one check per function, named as it is printed.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/smithy-go"
)

var ctx = context.Background()

func options(url, password string) dynamodb.Options {
	return dynamodb.Options{
		BaseEndpoint:     aws.String(url),
		Region:           "eu-central-1",
		Credentials:      credentials.NewStaticCredentialsProvider(os.Getenv("WEFTKIT_TEST_USER"), password, ""),
		RetryMaxAttempts: 1,
	}
}

func url() string { return "http://127.0.0.1:" + os.Getenv("WEFTKIT_TEST_PORT") }

func connect() *dynamodb.Client {
	return dynamodb.New(options(url(), os.Getenv("WEFTKIT_TEST_PASSWORD")))
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

// create makes a table with the key pk, sk and a stream, and waits until it is there.
func create(client *dynamodb.Client, name string) *string {
	created := must(client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &name,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("sk"), AttributeType: types.ScalarAttributeTypeN},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
		},
		BillingMode: types.BillingModePayPerRequest,
		StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage,
		},
	}))
	waiter := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay = 10 * time.Millisecond
		o.MaxDelay = time.Second
	})
	if err := waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, 30*time.Second); err != nil {
		panic(err.Error())
	}
	return created.TableDescription.LatestStreamArn
}

type Order struct {
	PK    string         `dynamodbav:"pk"`
	SK    int            `dynamodbav:"sk"`
	Text  string         `dynamodbav:"text"`
	Tags  []string       `dynamodbav:"tags,stringset,omitempty"`
	Data  []byte         `dynamodbav:"data,omitempty"`
	Extra map[string]any `dynamodbav:"extra,omitempty"`
}

func refusesAWrongPassword() {
	_, err := dynamodb.New(options(url(), "wrong")).ListTables(ctx, &dynamodb.ListTablesInput{})
	var failure smithy.APIError
	expect(fmt.Sprint(err), errors.As(err, &failure) && failure.ErrorCode() == "InvalidSignatureException")
}

func speaksTLS() {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(must(os.ReadFile(os.Getenv("WEFTKIT_TEST_CA"))))
	o := options("https://127.0.0.1:"+os.Getenv("WEFTKIT_TEST_TLS_PORT"), os.Getenv("WEFTKIT_TEST_PASSWORD"))
	o.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	must(dynamodb.New(o).ListTables(ctx, &dynamodb.ListTablesInput{}))
}

func keepsItems() {
	client := connect()
	create(client, "go-items")
	order := Order{PK: "ä🦊", SK: 1, Text: strings.Repeat("x", 100_000), Tags: []string{"a", "b"}, Data: []byte{0, 255},
		Extra: map[string]any{"list": []any{"a", true, nil}}}
	item := must(attributevalue.MarshalMap(order))
	must(client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("go-items"), Item: item}))
	found := must(client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String("go-items"),
		Key:       map[string]types.AttributeValue{"pk": item["pk"], "sk": item["sk"]},
	}))
	var back Order
	if err := attributevalue.UnmarshalMap(found.Item, &back); err != nil {
		panic(err.Error())
	}
	expect(fmt.Sprint(back), fmt.Sprint(back) == fmt.Sprint(order))
}

func buildsExpressions() {
	client := connect()
	create(client, "go-expressions")
	for i := range 20 {
		item := must(attributevalue.MarshalMap(Order{PK: "p", SK: i, Text: strconv.Itoa(i % 3)}))
		must(client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("go-expressions"), Item: item}))
	}
	built := must(expression.NewBuilder().
		WithKeyCondition(expression.Key("pk").Equal(expression.Value("p")).And(expression.Key("sk").GreaterThan(expression.Value(5)))).
		WithFilter(expression.Name("text").Equal(expression.Value("0"))).
		WithProjection(expression.NamesList(expression.Name("sk"))).Build())
	pages := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{
		TableName:                 aws.String("go-expressions"),
		KeyConditionExpression:    built.KeyCondition(),
		FilterExpression:          built.Filter(),
		ProjectionExpression:      built.Projection(),
		ExpressionAttributeNames:  built.Names(),
		ExpressionAttributeValues: built.Values(),
		Limit:                     aws.Int32(3),
	})
	var found []int
	for pages.HasMorePages() {
		page := must(pages.NextPage(ctx))
		for _, item := range page.Items {
			expect("projection", len(item) == 1)
			var number int
			if err := attributevalue.Unmarshal(item["sk"], &number); err != nil {
				panic(err.Error())
			}
			found = append(found, number)
		}
	}
	expect(fmt.Sprint(found), fmt.Sprint(found) == "[6 9 12 15 18]")
}

func transacts() {
	client := connect()
	create(client, "go-transactions")
	key := must(attributevalue.MarshalMap(map[string]any{"pk": "a", "sk": 1}))
	put := types.TransactWriteItem{Put: &types.Put{TableName: aws.String("go-transactions"), Item: key,
		ConditionExpression: aws.String("attribute_not_exists(pk)")}}
	input := &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put}}
	must(client.TransactWriteItems(ctx, input))
	input.ClientRequestToken = nil
	_, err := client.TransactWriteItems(ctx, input)
	var canceled *types.TransactionCanceledException
	expect(fmt.Sprint(err), errors.As(err, &canceled) && *canceled.CancellationReasons[0].Code == "ConditionalCheckFailed")
}

func followsStreams() {
	client := connect()
	arn := create(client, "go-streams")
	item := must(attributevalue.MarshalMap(Order{PK: "p", SK: 1}))
	must(client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("go-streams"), Item: item}))
	o := options(url(), os.Getenv("WEFTKIT_TEST_PASSWORD"))
	streams := dynamodbstreams.New(dynamodbstreams.Options{BaseEndpoint: o.BaseEndpoint, Region: o.Region, Credentials: o.Credentials})
	description := must(streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn}))
	iterator := must(streams.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: arn, ShardId: description.StreamDescription.Shards[0].ShardId, ShardIteratorType: "TRIM_HORIZON",
	}))
	records := must(streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator.ShardIterator}))
	expect("records", len(records.Records) == 1 && records.Records[0].EventName == "INSERT")
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
	check("refuses a wrong password", refusesAWrongPassword)
	check("speaks TLS", speaksTLS)
	check("keeps items", keepsItems)
	check("builds expressions", buildsExpressions)
	check("transacts", transacts)
	check("follows streams", followsStreams)
	if failed {
		os.Exit(1)
	}
}
