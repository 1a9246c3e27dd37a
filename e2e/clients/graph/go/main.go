// Neo4j's driver for Go against the engine: one check per function, named as it is printed.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"sync"
	"time"

	"github.com/neo4j/neo4j-go-driver/v6/neo4j"
)

var ctx = context.Background()

func connect(scheme, port string) neo4j.Driver {
	login := neo4j.BasicAuth(os.Getenv("WEFTKIT_TEST_USER"), os.Getenv("WEFTKIT_TEST_PASSWORD"), "")
	return must(neo4j.NewDriver(scheme+"://127.0.0.1:"+os.Getenv(port), login))
}

func plain() neo4j.Driver { return connect("bolt", "WEFTKIT_TEST_PORT") }

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

func ask(driver neo4j.Driver, query string, parameters map[string]any) *neo4j.EagerResult {
	return must(neo4j.ExecuteQuery(ctx, driver, query, parameters, neo4j.EagerResultTransformer))
}

func first(result *neo4j.EagerResult, key string) any {
	value, _ := result.Records[0].Get(key)
	return value
}

func code(err error) string {
	var refused *neo4j.Neo4jError
	if errors.As(err, &refused) {
		return refused.Code
	}
	return fmt.Sprint(err)
}

func logsIn() {
	driver := plain()
	defer driver.Close(ctx)
	expect("connectivity", driver.VerifyConnectivity(ctx) == nil)
	wrong := must(neo4j.NewDriver("bolt://127.0.0.1:"+os.Getenv("WEFTKIT_TEST_PORT"), neo4j.BasicAuth("app", "wrong", "")))
	defer wrong.Close(ctx)
	expect("a wrong password", code(wrong.VerifyConnectivity(ctx)) == "Neo.ClientError.Security.Unauthorized")
}

func runsManagedTransactions() {
	driver := plain()
	defer driver.Close(ctx)
	session := driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	ask(driver, "MATCH (c:GoCounter) DELETE c", nil)
	ask(driver, "CREATE (:GoCounter {n: 0})", nil)
	tries := 0
	_, err := session.ExecuteWrite(ctx, func(tx neo4j.ManagedTransaction) (any, error) {
		tries++
		result, err := tx.Run(ctx, "MATCH (c:GoCounter) SET c.n = c.n + $by RETURN c.n AS n", map[string]any{"by": 2})
		if err != nil {
			return nil, err
		}
		record, err := result.Single(ctx)
		if err != nil {
			return nil, err
		}
		if tries == 1 {
			return nil, &neo4j.Neo4jError{Code: "Neo.TransientError.Transaction.DeadlockDetected", Msg: "once more"}
		}
		n, _ := record.Get("n")
		return n, nil
	}, neo4j.WithTxTimeout(5*time.Second), neo4j.WithTxMetadata(map[string]any{"check": "managed"}))
	expect(fmt.Sprint(err), err == nil)
	read := must(session.ExecuteRead(ctx, func(tx neo4j.ManagedTransaction) (any, error) {
		record := must(must(tx.Run(ctx, "MATCH (c:GoCounter) RETURN c.n AS n", nil)).Single(ctx))
		n, _ := record.Get("n")
		return n, nil
	}))
	expect(fmt.Sprint("counted ", read), read == int64(2) && tries == 2)
	later := driver.NewSession(ctx, neo4j.SessionConfig{Bookmarks: session.LastBookmarks()})
	defer later.Close(ctx)
	expect("a bookmark", must(must(later.Run(ctx, "RETURN 1 AS x", nil)).Single(ctx)) != nil)
}

func rollsBack() {
	driver := plain()
	defer driver.Close(ctx)
	session := driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	transaction := must(session.BeginTransaction(ctx))
	must(transaction.Run(ctx, "CREATE (:GoGone)", nil))
	expect("rollback", transaction.Rollback(ctx) == nil)
	expect("it is there", first(ask(driver, "MATCH (n:GoGone) RETURN count(n) AS n", nil), "n") == int64(0))
}

func keepsValues() {
	driver := plain()
	defer driver.Close(ctx)
	zoned := time.Date(2024, 5, 6, 7, 8, 9, 123456789, time.FixedZone("Offset", 7200))
	values := []any{
		int64(1), int64(-1 << 63), 1.5, "é€𝄞", true, []any{int64(1), "a", nil}, map[string]any{"a": []any{int64(1)}}, []byte{0, 255}, nil,
		neo4j.Date(time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)), neo4j.DurationOf(14, -3, 5, 7),
		neo4j.LocalDateTime(time.Date(2024, 2, 29, 1, 2, 3, 4, time.Local)),
		neo4j.Point2D{X: 1, Y: 2, SpatialRefId: 7203}, neo4j.Point3D{X: 1, Y: 2, Z: 3, SpatialRefId: 4979},
	}
	for _, value := range values {
		kept := first(ask(driver, "RETURN $v AS v", map[string]any{"v": value}), "v")
		expect(fmt.Sprintf("%v became %v", value, kept), reflect.DeepEqual(kept, value))
	}
	kept := first(ask(driver, "RETURN $v AS v", map[string]any{"v": zoned}), "v").(time.Time)
	_, offset := kept.Zone()
	expect(fmt.Sprint("a zone ", kept), kept.Equal(zoned) && offset == 7200)
}

func readsPathsAndSummaries() {
	driver := plain()
	defer driver.Close(ctx)
	made := ask(driver, "CREATE p = (:GoA {n: 1})-[r:GOES {w: 2.5}]->(:GoB) RETURN p, r", nil)
	path := first(made, "p").(neo4j.Path)
	expect("path", len(path.Nodes) == 2 && path.Relationships[0].Type == "GOES" && path.Nodes[0].Labels[0] == "GoA")
	expect("counters", made.Summary.Counters().NodesCreated() == 2 && made.Summary.Counters().RelationshipsCreated() == 1)
	relationship := first(made, "r").(neo4j.Relationship)
	expect("ends", relationship.StartElementId == path.Nodes[0].ElementId && relationship.Props["w"] == 2.5)
	warned := ask(driver, "MATCH (n:GoNeverSeen) RETURN n", nil).Summary.GqlStatusObjects()
	expect(fmt.Sprint("statuses ", len(warned)), warned[0].GqlStatus() == "02000" && warned[1].GqlStatus() == "01N50")
	plan := ask(driver, "EXPLAIN MATCH (n) RETURN n", nil).Summary.Plan()
	expect("plan", plan != nil && plan.Operator() != "")
}

func routesBehindAMappedPort() {
	driver := connect("neo4j", "WEFTKIT_TEST_PORT")
	defer driver.Close(ctx)
	expect("an answer", first(ask(driver, "RETURN 1 AS x", nil), "x") == int64(1))
}

func speaksTLS() {
	driver := connect("neo4j+ssc", "WEFTKIT_TEST_TLS_PORT")
	defer driver.Close(ctx)
	expect("an answer", first(ask(driver, "RETURN 1 AS x", nil), "x") == int64(1))
}

func raisesWhatDriversKnow() {
	driver := plain()
	defer driver.Close(ctx)
	for query, expected := range map[string]string{
		"RETRN 1":    "Neo.ClientError.Statement.SyntaxError",
		"RETURN 1/0": "Neo.ClientError.Statement.ArithmeticError",
		"RETURN $p":  "Neo.ClientError.Statement.ParameterMissing",
	} {
		_, err := neo4j.ExecuteQuery(ctx, driver, query, nil, neo4j.EagerResultTransformer)
		expect(query+" "+code(err), code(err) == expected)
	}
}

func runsManyAtOnce() {
	driver := plain()
	defer driver.Close(ctx)
	var all sync.WaitGroup
	sums := make([]int64, 20)
	for i := range sums {
		all.Add(1)
		go func() {
			defer all.Done()
			result, err := neo4j.ExecuteQuery(ctx, driver, "UNWIND range(1, 1000) AS x RETURN sum(x) + $i AS s", map[string]any{"i": i}, neo4j.EagerResultTransformer)
			if err == nil {
				sums[i] = first(result, "s").(int64)
			}
		}()
	}
	all.Wait()
	for i, sum := range sums {
		expect(fmt.Sprint("sum ", sum), sum == 500500+int64(i))
	}
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
	check("runs managed transactions", runsManagedTransactions)
	check("rolls back", rollsBack)
	check("keeps values", keepsValues)
	check("reads paths and summaries", readsPathsAndSummaries)
	check("routes behind a mapped port", routesBehindAMappedPort)
	check("speaks TLS", speaksTLS)
	check("raises what drivers know", raisesWhatDriversKnow)
	check("runs many at once", runsManyAtOnce)
	if failed {
		os.Exit(1)
	}
}
