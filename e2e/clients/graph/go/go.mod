module weftkit.test/clients

go 1.26.0

require github.com/neo4j/neo4j-go-driver/v6 v6.1.0
