import { expect, test } from "vitest";
import { destinationOf, RefusedDestinationError } from "./destination.ts";
import { isPublicAddress } from "./public-address.ts";

const none = { allowedHosts: [], resolve: async () => ["8.8.8.8"] };

test.each([
  "127.0.0.1",
  "0.0.0.0",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "198.18.0.1",
  "203.0.113.7",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:8.8.8.8",
  "64:ff9b::7f00:1",
  "fc00::1",
  "fd00:ec2::254",
  "fe80::1",
  "fe80::1%eth0",
  "fec0::1",
  "ff02::1",
  "2001::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "3fff::1",
  "",
  "8.8.8",
  "localhost",
])("%j is not a public address", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each(["8.8.8.8", "172.32.0.1", "100.128.0.1", "223.5.5.5", "2400:3200::1", "2606:4700::1111"])(
  "%s is a public address",
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

test.each([
  "https://127.0.0.1/",
  "https://127.1/",
  "https://2130706433/",
  "https://0x7f.0.0.1/",
  "https://0177.0.0.1/",
  "https://[::1]/",
  "https://[::ffff:7f00:1]/",
  "https://[fe80::1]:8443/",
  "https://169.254.169.254/latest/meta-data",
  "http://hooks.example.com/",
])("a delivery to %s is refused", async (url) => {
  await expect(destinationOf(url, none)).rejects.toThrow(RefusedDestinationError);
});

test("a name is refused if any of its addresses is private, or if it has none", async () => {
  const at = (...found: readonly string[]): ReturnType<typeof destinationOf> =>
    destinationOf("https://hooks.example.com/a?key=s3cr3t", {
      allowedHosts: [],
      resolve: async () => found,
    });
  expect((await at("8.8.8.8", "2606:4700::1111")).address).toBe("8.8.8.8");
  for (const found of [["10.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["8.8.8.8", "::1"], []]) {
    const refused = await at(...found).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RefusedDestinationError);
    expect(String(refused)).not.toContain("s3cr3t");
  }
});

test("only a host that is allowed by name may be private and without TLS", async () => {
  const allowing = (...allowedHosts: readonly string[]): typeof none => ({
    ...none,
    allowedHosts: [...allowedHosts] as never[],
    resolve: async () => ["10.0.0.5"],
  });
  const url = "http://hooks.internal:8080/x";
  expect((await destinationOf(url, allowing("hooks.internal"))).address).toBe("10.0.0.5");
  expect((await destinationOf(url, allowing("hooks.internal:8080"))).address).toBe("10.0.0.5");
  for (const name of ["internal", "hooks.internal:80", "x.hooks.internal"])
    await expect(destinationOf(url, allowing(name))).rejects.toThrow(RefusedDestinationError);
  await expect(
    destinationOf("https://hooks.internal.evil.com/", allowing("hooks.internal")),
  ).rejects.toThrow(RefusedDestinationError);
});
