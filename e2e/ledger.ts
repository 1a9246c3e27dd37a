import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import type { ComposeProject } from "./compose-project.ts";

/** Customers and their orders, in the relational engine of a project. */
export class Ledger {
  readonly #connection: pg.ClientConfig;

  constructor(project: ComposeProject, port: number) {
    const password = readFileSync(join(project.folder, "secrets/relational_password"), "utf8").trim();
    this.#connection = { host: "127.0.0.1", port, user: "weftkit", password, database: "weftkit" };
  }

  /** Writes so many customers, each with an order, in one transaction. */
  write(count: number): Promise<void> {
    return this.#connected(async (client) => {
      await client.query("create table customers(id bigserial primary key, name text unique)");
      await client.query("create table orders(customer bigint references customers, total numeric(10,2))");
      await client.query("begin");
      for (let number = 1; number <= count; number++) {
        await client.query("insert into customers(name) values ($1)", [`customer ${number}`]);
        await client.query("insert into orders values ($1, $2)", [number, `${number}.25`]);
      }
      await client.query("commit");
    });
  }

  /** What is not as it was written. */
  differences(count: number): Promise<string[]> {
    return this.#connected(async (client) => {
      const found: string[] = [];
      const { rows } = await client.query(
        "select c.id, c.name, o.total from customers c left join orders o on o.customer = c.id order by c.id",
      );
      if (rows.length !== count) found.push(`${rows.length} customers`);
      for (const [index, { name, total }] of rows.entries()) {
        if (name !== `customer ${index + 1}` || total !== `${index + 1}.25`)
          found.push(`customer ${index + 1}`);
      }
      const duplicate = await client
        .query("insert into customers(name) values ('customer 1')")
        .catch((error) => error.code);
      if (duplicate !== "23505") found.push("the unique index");
      return found;
    });
  }

  async #connected<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client(this.#connection);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}
