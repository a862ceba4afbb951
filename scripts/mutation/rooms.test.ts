import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { roomNamed, rooms } from "./rooms.ts";
import { root } from "../workspace.ts";

test("every night each room is mutated: none is left out when one is added", () => {
  const workflow = readFileSync(join(root, ".github/workflows/nightly.yml"), "utf8");
  const listed = /^ +room: \[(.*)\]$/m.exec(workflow)?.[1]?.split(", ");
  expect(listed).toEqual(rooms.map(({ name }) => name));
});

test.each(rooms)("what the room $name names is there, also after files have moved", (room) => {
  for (const pattern of [...room.files, ...room.tests.split(" ")])
    expect(globSync(pattern.replace(/^!/, ""), { cwd: root }), pattern).not.toEqual([]);
});

test("a room that does not exist is refused, by an error that names those that do", () => {
  expect(roomNamed("lease").name).toBe("lease");
  expect(() => roomNamed("credential")).toThrow('There is no room "credential": state, lease,');
});
