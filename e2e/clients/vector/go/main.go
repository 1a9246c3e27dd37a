// gRPC for Go against weftkit/vector, with the .proto that comes with the engine: one check per function, named as it is printed.
package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/bufbuild/protocompile"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/structpb"
)

const service = "weftkit.vector.v1.VectorService"

var ctx = context.Background()

// methods of the service, as the file describes them.
var methods = describe()

func describe() protoreflect.MethodDescriptors {
	compiler := protocompile.Compiler{
		Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{os.Getenv("WEFTKIT_TEST_DIST")}}),
	}
	files := must(compiler.Compile(ctx, "weftkit_vec.proto"))
	return files[0].Services().ByName("VectorService").Methods()
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

func dial(port string, security credentials.TransportCredentials) *grpc.ClientConn {
	return must(grpc.NewClient("127.0.0.1:"+os.Getenv(port), grpc.WithTransportCredentials(security),
		grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(math.MaxInt32))))
}

func open() *grpc.ClientConn { return dial("WEFTKIT_TEST_OPEN_PORT", insecure.NewCredentials()) }

// message makes a message of JSON.
func message(of protoreflect.MessageDescriptor, json string) *dynamicpb.Message {
	made := dynamicpb.NewMessage(of)
	if err := protojson.Unmarshal([]byte(json), made); err != nil {
		panic(err.Error())
	}
	return made
}

// call sends a message of JSON, and gives the answer as what JSON would hold.
func call(ctx context.Context, connection *grpc.ClientConn, name, json string) (map[string]any, error) {
	method := methods.ByName(protoreflect.Name(name))
	answer := dynamicpb.NewMessage(method.Output())
	if err := connection.Invoke(ctx, "/"+service+"/"+name, message(method.Input(), json), answer); err != nil {
		return nil, err
	}
	var fields structpb.Struct
	if err := protojson.Unmarshal(must(protojson.Marshal(answer)), &fields); err != nil {
		return nil, err
	}
	return fields.AsMap(), nil
}

func expectStatus(err error, code codes.Code, named string) {
	expect(fmt.Sprint(err), status.Code(err) == code && strings.Contains(err.Error(), named))
}

func asksForAToken() {
	authority := must(credentials.NewClientTLSFromFile(os.Getenv("WEFTKIT_TEST_CA"), "localhost"))
	connection := dial("WEFTKIT_TEST_TLS_PORT", authority)
	_, err := call(ctx, connection, "ListCollections", "{}")
	expectStatus(err, codes.Unauthenticated, "")
	token := "Bearer " + os.Getenv("WEFTKIT_TEST_USER") + ":" + os.Getenv("WEFTKIT_TEST_PASSWORD")
	must(call(metadata.AppendToOutgoingContext(ctx, "authorization", token), connection, "ListCollections", "{}"))
}

func isHealthy() {
	answer := must(grpc_health_v1.NewHealthClient(open()).Check(ctx, &grpc_health_v1.HealthCheckRequest{}))
	expect(answer.String(), answer.Status == grpc_health_v1.HealthCheckResponse_SERVING)
}

func writesAndSearches() {
	connection := open()
	must(call(ctx, connection, "CreateCollection", `{"name": "go", "dimensions": 3}`))
	must(call(ctx, connection, "UpsertVectors", `{"collection": "go", "vectors": [
		{"id": "a", "values": [1, 0, 0], "metadata": {"kind": "x"}},
		{"id": "b", "values": [0.9, 0.1, 0], "metadata": {"kind": "y"}},
		{"id": "c", "values": [0, 0, 1], "metadata": {"kind": "x"}}]}`))
	found := must(call(ctx, connection, "SearchVectors", `{"collection": "go", "vector": [1, 0, 0], "topK": 10, "filter": {"kind": "x"}}`))
	matches := found["matches"].([]any)
	expect(fmt.Sprint(matches), len(matches) == 2 && matches[0].(map[string]any)["id"] == "a")
	must(call(ctx, connection, "DeleteVectors", `{"collection": "go", "ids": ["a"]}`))
	_, err := call(ctx, connection, "GetVector", `{"collection": "go", "id": "a"}`)
	expectStatus(err, codes.NotFound, "a")
	_, err = call(ctx, connection, "SearchVectors", `{"collection": "go", "vector": [1, 0]}`)
	expectStatus(err, codes.InvalidArgument, "3")
	_, err = call(ctx, connection, "CountVectors", `{"collection": "nowhere"}`)
	expectStatus(err, codes.NotFound, "nowhere")
}

func streamsUpserts() {
	connection := open()
	must(call(ctx, connection, "CreateCollection", `{"name": "go-stream", "dimensions": 2}`))
	method := methods.ByName("StreamUpsert")
	stream := must(connection.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, "/"+service+"/StreamUpsert"))
	for i := range 100 {
		json := fmt.Sprintf(`{"collection": "go-stream", "vectors": [{"id": "%d", "values": [1, %d]}]}`, i, i)
		if err := stream.SendMsg(message(method.Input(), json)); err != nil {
			panic(err.Error())
		}
	}
	if err := stream.CloseSend(); err != nil {
		panic(err.Error())
	}
	if err := stream.RecvMsg(dynamicpb.NewMessage(method.Output())); err != nil {
		panic(err.Error())
	}
	counted := must(call(ctx, connection, "CountVectors", `{"collection": "go-stream"}`))
	expect(fmt.Sprint(counted), counted["count"] == "100")
}

// Messages may have 64 MiB; one that is larger is refused with the limit, and the connection goes on.
func sendsLargeMessages() {
	connection := open()
	must(call(ctx, connection, "CreateCollection", `{"name": "go-large", "dimensions": 1}`))
	vector := func(id string, megabytes int) string {
		return fmt.Sprintf(`{"collection": "go-large", "vectors": [{"id": "%s", "values": [1], "metadata": {"a": "%s"}}]}`, id, strings.Repeat("x", megabytes<<20))
	}
	must(call(ctx, connection, "UpsertVectors", vector("large", 15)))
	_, err := call(ctx, connection, "UpsertVectors", vector("too large", 65))
	expectStatus(err, codes.ResourceExhausted, "67108864")
	counted := must(call(ctx, connection, "CountVectors", `{"collection": "go-large"}`))
	expect(fmt.Sprint(counted), counted["count"] == "1")
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
	check("asks for a token", asksForAToken)
	check("is healthy", isHealthy)
	check("writes and searches", writesAndSearches)
	check("streams upserts", streamsUpserts)
	check("sends large messages", sendsLargeMessages)
	if failed {
		os.Exit(1)
	}
}
