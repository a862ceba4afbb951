/** A pool of connections that answer, or do not, as the test decides. */
import { EventEmitter } from "node:events";
import type { PostgresConnection, PostgresPool } from "./listener.ts";

type Answer = ReturnType<PostgresConnection["query"]>;

class FakeConnection extends EventEmitter implements PostgresConnection {
  readonly asked: string[] = [];
  /** Its other end died without a FIN. */
  isStranded = false;
  isReleased = false;

  query(statement: string): Answer {
    this.asked.push(statement);
    return this.isStranded ? new Promise(() => {}) : Promise.resolve({ rows: [] });
  }
  release(): void {
    this.isReleased = true;
  }
}

export class FakePool extends EventEmitter implements PostgresPool {
  readonly totalCount = 0;
  ending = false;
  readonly made: FakeConnection[] = [];
  state: "up" | "down" | "silent" = "up";

  async connect(): Promise<FakeConnection> {
    if (this.ending) throw new Error("Cannot use a pool after calling end on the pool");
    if (this.state === "down") throw new Error("connection refused");
    if (this.state === "silent") return new Promise(() => {});
    const connection = new FakeConnection();
    this.made.push(connection);
    return connection;
  }
  get last(): FakeConnection {
    return this.made.at(-1)!;
  }
}
