import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { roomNamed, rooms } from "./rooms.ts";
import { root } from "../workspace.ts";

test("every nightly run mutates each room, including new ones", () => {
  const workflow = readFileSync(join(root, ".github/workflows/nightly.yml"), "utf8");
  const listed = /^ +room: \[(.*)\]$/m.exec(workflow)?.[1]?.split(", ");
  expect(listed).toEqual(rooms.map(({ name }) => name));
});

test.each(rooms)(
  "the files that the room $name names exist, even after files have moved",
  (room) => {
    for (const pattern of [...room.files, ...room.tests.split(" ")])
      expect(globSync(pattern.replace(/^!/, ""), { cwd: root }), pattern).not.toEqual([]);
  },
);

test("an unknown room is refused, and the error names those that exist", () => {
  expect(roomNamed("lease").name).toBe("lease");
  expect(() => roomNamed("credential")).toThrow('There is no room "credential": state, lease,');
});
