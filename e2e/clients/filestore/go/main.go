// AWS SDK for Go v2 against weftkit/filestore: one check per function, named as it is printed.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

var ctx = context.Background()

// large is sent in parts.
var large = random(12*1024*1024 + 1234)

func random(size int) []byte {
	content := make([]byte, size)
	rand.Read(content)
	return content
}

func options(url, password string) s3.Options {
	return s3.Options{
		BaseEndpoint:     aws.String(url),
		Region:           "us-east-1",
		UsePathStyle:     true,
		Credentials:      credentials.NewStaticCredentialsProvider(os.Getenv("WEFTKIT_TEST_USER"), password, ""),
		RetryMaxAttempts: 1,
	}
}

func url() string { return "http://127.0.0.1:" + os.Getenv("WEFTKIT_TEST_PORT") }

func connect() *s3.Client { return s3.New(options(url(), os.Getenv("WEFTKIT_TEST_PASSWORD"))) }

// connectTLS gives a client that streams over TLS, where checksums come after unsigned bodies.
func connectTLS() *s3.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(must(os.ReadFile(os.Getenv("WEFTKIT_TEST_CA"))))
	o := options("https://127.0.0.1:"+os.Getenv("WEFTKIT_TEST_TLS_PORT"), os.Getenv("WEFTKIT_TEST_PASSWORD"))
	o.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	return s3.New(o)
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

func expectCode(err error, code string) {
	var failure smithy.APIError
	expect(fmt.Sprint(err), errors.As(err, &failure) && failure.ErrorCode() == code)
}

func bucket(client *s3.Client, name string) *string {
	must(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}))
	return &name
}

func read(client *s3.Client, bucket *string, key string) []byte {
	got := must(client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key, ChecksumMode: types.ChecksumModeEnabled}))
	defer got.Body.Close()
	return must(io.ReadAll(got.Body))
}

func refusesAWrongPassword() {
	_, err := s3.New(options(url(), "wrong")).ListBuckets(ctx, &s3.ListBucketsInput{})
	expectCode(err, "SignatureDoesNotMatch")
}

func keepsObjects() {
	client := connect()
	name := bucket(client, "go-objects")
	key := "a b+(ü)!'*"
	put := must(client.PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: &key, Body: strings.NewReader("text"),
		ContentType: aws.String("text/plain"), Metadata: map[string]string{"k": "v"}}))
	head := must(client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: name, Key: &key}))
	expect("head", *head.ETag == *put.ETag && *head.ContentLength == 4 && head.Metadata["k"] == "v")
	expect("content", string(read(client, name, key)) == "text")
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: name})
	page := must(pages.NextPage(ctx))
	expect("list", len(page.Contents) == 1 && *page.Contents[0].Key == key && !pages.HasMorePages())
	must(client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: name,
		Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: &key}}}}))
	must(client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: name}))
}

var algorithms = []types.ChecksumAlgorithm{types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c,
	types.ChecksumAlgorithmCrc64nvme, types.ChecksumAlgorithmSha1, types.ChecksumAlgorithmSha256}

// Over TLS the SDK sends the checksum as a trailer, over plain HTTP as a header or in a signed trailer.
func checksumsIn(client *s3.Client, name *string) {
	content := random(200_000)
	for _, algorithm := range algorithms {
		key := string(algorithm)
		must(client.PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: &key, Body: bytes.NewReader(content), ChecksumAlgorithm: algorithm}))
		expect(key, bytes.Equal(read(client, name, key), content))
	}
}

func checksums() {
	client := connect()
	checksumsIn(client, bucket(client, "go-checksums"))
}

func checksumsInTrailersOverTLS() {
	client := connectTLS()
	checksumsIn(client, bucket(client, "go-trailers"))
}

func refusesAWrongChecksum() {
	client := connect()
	name := bucket(client, "go-wrong")
	_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: aws.String("x"), Body: strings.NewReader("text"),
		ChecksumCRC32: aws.String("AAAAAA==")})
	expectCode(err, "BadDigest")
	_, err = client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: name, Key: aws.String("x")})
	expectCode(err, "NotFound")
}

func uploadsInParts() {
	client := connectTLS()
	name := bucket(client, "go-parts")
	for _, algorithm := range algorithms {
		key := string(algorithm)
		// Of unknown length, as a program's output is.
		body := io.MultiReader(bytes.NewReader(large))
		must(manager.NewUploader(client).Upload(ctx, &s3.PutObjectInput{Bucket: name, Key: &key, Body: body, ChecksumAlgorithm: algorithm}))
		found := manager.NewWriteAtBuffer(nil)
		must(manager.NewDownloader(client).Download(ctx, found, &s3.GetObjectInput{Bucket: name, Key: &key}))
		expect(key, bytes.Equal(found.Bytes(), large))
	}
	attributes := must(client.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: name, Key: aws.String("CRC64NVME"),
		ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesChecksum, types.ObjectAttributesObjectParts}}))
	expect("the checksum is of the full object", attributes.Checksum.ChecksumType == types.ChecksumTypeFullObject)
	expect("three parts", *attributes.ObjectParts.TotalPartsCount == 3)
}

func presigns() {
	client := connect()
	name := bucket(client, "go-presigned")
	signer := s3.NewPresignClient(client)
	put := must(signer.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: aws.String("x")}))
	request := must(http.NewRequest(put.Method, put.URL, strings.NewReader("text")))
	request.Header = put.SignedHeader
	answer := must(http.DefaultClient.Do(request))
	expect(answer.Status, answer.StatusCode == 200)
	get := must(signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: aws.String("x")}))
	found := must(http.Get(get.URL))
	expect("content", string(must(io.ReadAll(found.Body))) == "text")
}

func writesOnConditions() {
	client := connect()
	name := bucket(client, "go-conditions")
	put := func(ifMatch, ifNoneMatch *string) (*s3.PutObjectOutput, error) {
		return client.PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: aws.String("x"), Body: strings.NewReader("text"),
			IfMatch: ifMatch, IfNoneMatch: ifNoneMatch})
	}
	first := must(put(nil, aws.String("*")))
	_, err := put(nil, aws.String("*"))
	expectCode(err, "PreconditionFailed")
	must(put(first.ETag, nil))
	_, err = put(aws.String(`"00000000000000000000000000000000"`), nil)
	expectCode(err, "PreconditionFailed")
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
	check("keeps objects", keepsObjects)
	check("checksums", checksums)
	check("checksums in trailers over TLS", checksumsInTrailersOverTLS)
	check("refuses a wrong checksum", refusesAWrongChecksum)
	check("uploads in parts", uploadsInParts)
	check("presigns", presigns)
	check("writes on conditions", writesOnConditions)
	if failed {
		os.Exit(1)
	}
}
