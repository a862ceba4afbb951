import type { Regression } from "../regression.ts";

const wechat = "packages/wechat/src";
const age = `${wechat}/tokens/credential-age.ts`;
const ageTest = `${wechat}/tokens/credential-age.test.ts`;
const dayTest = `${wechat}/tickets/dead-tickets.test.ts`;

/** A repeated answer taken for a new one, and identifiers whose form somebody guessed. */
export const tickets: readonly Regression[] = [
  {
    right: "No page of an ordinary day is signed with a dead ticket, on any number of nodes.",
    edits: [
      {
        file: `${wechat}/tickets/ticket.ts`,
        from: "return issueOfKnownAge({ request, clock: platform.clock, confirmMs: confirm, requestToken });",
        to: `const { secret, expiresInMs } = await requestToken();
          return { secret, expiresInMs: Math.min(expiresInMs, 1_800_000) };`,
      },
      {
        file: `${wechat}/tickets/ticket.ts`,
        from: "const ticketLifetimeMs = 7_200_000;",
        to: "const ticketLifetimeMs = 1_800_000;",
      },
    ],
    test: dayTest,
    title: "has no dead one on two nodes that start cold",
  },
  {
    right: "No page is signed with a dead ticket while another system asks for the ticket all day.",
    edits: [
      {
        file: `${wechat}/tickets/ticket.ts`,
        from: "return issueOfKnownAge({ request, clock: platform.clock, confirmMs: confirm, requestToken });",
        to: "return requestToken();",
      },
    ],
    test: dayTest,
    title: "has no dead one while another environment requests",
  },
  {
    right: "The life of a repeated text counts from when the fleet first saw it.",
    edits: [
      {
        file: age,
        from: "if (present.hash === hash) return { ...memory, present: again(present) };",
        to: `if (present.hash === hash)
          return { v: 1, present: { ...firstSight(grant), bornAfterMs: grant.earliestMs } };`,
      },
    ],
    test: ageTest,
    title: "lives from the last time that the text before it was seen",
  },
  {
    right: "Near its end a ticket is asked for again, until the next one comes.",
    edits: [
      {
        file: age,
        from: "if (servedMs >= leastMs || waits === waitsMax)",
        to: "if (waits >= 0)",
      },
    ],
    test: ageTest,
    title: "is waited out at its end",
  },
  {
    right: "A text of unknown age is asked for again every few minutes until it has changed once.",
    edits: [
      {
        file: age,
        from: `return Math.min(
          firstEarliestMs + lifeMs - nowMs,
          Math.max(leastMs, Math.min(confirmMs, uncertaintyMs / 20)),
        );`,
        to: "return firstEarliestMs + lifeMs - nowMs;",
      },
    ],
    test: dayTest,
    title: "that begins with a ticket of unknown age reports that",
  },
  {
    right: "Asking again for a text of unknown age stays within the endpoint's limit.",
    edits: [
      {
        file: `${wechat}/tickets/ticket.ts`,
        from: "const wecomConfirmMs = 120_000;",
        to: "const wecomConfirmMs = 10_000;",
      },
    ],
    test: dayTest,
    title: "a day of signatures with a wecom ticket",
  },
  {
    right: "A text of unknown age is reported as an event.",
    edits: [{ file: age, from: "...(isAgeUnknown && { isAgeUnknown }),", to: "" }],
    test: dayTest,
    title: "that begins with a ticket of unknown age reports that",
  },
  {
    right: "A repeated token of a WeCom app is not taken for a new one.",
    edits: [
      {
        file: `${wechat}/wecom/wecom-token.ts`,
        from: "return issueOfKnownAge({ request, clock: platform.clock, confirmMs, requestToken });",
        to: "return requestToken();",
      },
    ],
    test: `${wechat}/wecom/wecom-token.test.ts`,
    title: "two nodes share a WeCom app's token",
  },
  {
    right: "A repeated token of a suite, a corp or a provider is not taken for a new one.",
    edits: [
      {
        file: `${wechat}/wecom/suite-token.ts`,
        from: `return issueOfKnownAge({
          request,
          clock: platform.clock,
          confirmMs,
          requestToken: () => requestDatedToken(platform, whole, field),
        });`,
        to: "return requestDatedToken(platform, whole, field);",
      },
    ],
    test: `${wechat}/wecom/suite-token.test.ts`,
    title: "does not assume that the whole lifetime is left",
  },
  {
    right: "A repeated stable token lives no longer than its first answer said.",
    edits: [
      {
        file: age,
        from: "expiresInMs: Math.min(expiresInMs, leftMs >= leastMs ? leftMs : confirmMs),",
        to: "expiresInMs,",
      },
    ],
    test: ageTest,
    title: "never lives longer than its first answer stated",
  },
  {
    right: "A pushed ticket with an unchanged text counts from its newest push.",
    edits: [
      {
        file: `${wechat}/push/pushed-ticket.ts`,
        from: "if (known !== undefined && known.pushedAtMs >= pushedAtMs) return tickets;",
        to: "if (known !== undefined) return tickets;",
      },
    ],
    test: `${wechat}/push/push-handler.test.ts`,
    title: "with an unchanged text is valid for twelve more hours",
  },
  {
    right: "A fresh push of a refused text is the platform's word that the text counts now.",
    edits: [
      {
        file: `${wechat}/push/pushed-ticket.ts`,
        from: "const sorted = [{ ticket, pushedAtMs }, ...others]",
        to: "const sorted = [{ ...known, ticket, pushedAtMs }, ...others]",
      },
    ],
    test: `${wechat}/push/pushed-ticket.test.ts`,
    title: "that was refused is valid again once it is pushed again",
  },
  {
    right: "Encrypted, case-sensitive corp ids are accepted as the platform gives them.",
    edits: [
      {
        file: `${wechat}/options/validate.ts`,
        from: `if (secretForm.test(value)) return refuse("has the form of an AppSecret");`,
        to: `if (!/^w[wx][0-9a-fA-F]{16}$/.test(value)) return refuse("has another form");`,
      },
    ],
    test: `${wechat}/options/validate.test.ts`,
    title: "in any form that WeCom assigns, and keeps its case",
  },
  {
    right: "A suite serves a corp whose id is encrypted.",
    edits: [
      {
        file: `${wechat}/options/validate.ts`,
        from: `if (secretForm.test(value)) return refuse("has the form of an AppSecret");`,
        to: `if (!/^w[wx][0-9a-fA-F]{16}$/.test(value)) return refuse("has another form");`,
      },
    ],
    test: `${wechat}/wecom/wecom-suite.test.ts`,
    title: "known by the corp's encrypted id",
  },
  {
    right: "An AppSecret of an undocumented form is not refused.",
    edits: [
      {
        file: `${wechat}/options/validate.ts`,
        from: "const misfit = [...text].findIndex((character) => !secretCharacter.test(character));",
        to: "const misfit = [...text].findIndex((character) => !/^[0-9a-fA-F]$/.test(character));",
      },
    ],
    test: `${wechat}/options/validate.test.ts`,
    title: "of an undocumented form is accepted",
  },
  {
    right: "A pushed ticket of an undocumented length is not refused.",
    edits: [
      {
        file: `${wechat}/push/pushed-ticket.ts`,
        from: "ticketPattern: RegExp = /^[\\x21-\\x7e]{1,16384}$/;",
        to: "ticketPattern: RegExp = /^[\\x21-\\x7e]{1,2048}$/;",
      },
    ],
    test: `${wechat}/push/push-handler.test.ts`,
    title: "is stored at any length that a credential may have",
  },
  {
    right: "An identifier with stray characters or of an absurd length is refused.",
    edits: [
      {
        file: `${wechat}/options/validate.ts`,
        from: "if (value.length > idLength.max)",
        to: "if (value.length < 0)",
      },
    ],
    test: `${wechat}/options/validate.test.ts`,
  },
];
