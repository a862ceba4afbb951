/** The frame of the page: header, sections, and the age of the data. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useApp } from "../app.ts";
import type { Theme } from "../app.ts";
import { languageNames, languages } from "../i18n/languages.ts";
import { hashOf, sections } from "../route.ts";
import { duration } from "../words.ts";
import { AuditView } from "./audit.tsx";
import { ClaimsView } from "./claims.tsx";
import { ConflictsView } from "./conflicts.tsx";
import { CredentialView } from "./credential.tsx";
import { FleetView } from "./fleet.tsx";
import { FirstScreen } from "./first-screen.tsx";
import { KeysView } from "./keys.tsx";
import { LedgerView } from "./ledger.tsx";
import { SignIn } from "./sign-in.tsx";

export function Shell(): JSX.Element {
  const app = useApp();
  const { skip } = app.dictionary.value;
  const session = app.session.value;
  const isIn = typeof session === "object";
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        {skip}
      </a>
      <header class="header">
        <div class="header-line">
          <a class="brand" href="#/">
            <svg class="brand-mark" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
              <path d="M10 1.5 17.5 5v6.2c0 3.6-3 6.2-7.5 7.3-4.5-1.1-7.5-3.7-7.5-7.3V5zM6 10.2l2.8 2.8L14 7.6" />
            </svg>
            Lingpai{" "}
            <span class="brand-han" lang="zh-CN">
              令牌
            </span>
          </a>
          {isIn && <Freshness />}
          {isIn && <SignOut name={session.name} />}
          <Choices />
        </div>
        {isIn ? <Sections /> : <div class="nav" />}
      </header>
      <main id="main" class="main" tabIndex={-1}>
        {isIn ? (
          <>
            <Notices />
            <Section />
          </>
        ) : session === "unknown" ? (
          <Notices />
        ) : (
          <SignIn />
        )}
      </main>
    </>
  );
}

/** On a phone they scroll sideways, so the current one is brought into sight. */
function Sections(): JSX.Element {
  const app = useApp();
  const { nav } = app.dictionary.value;
  const { section } = app.route.value;
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    const current = bar.current?.querySelector("[aria-current]");
    current?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [section, nav]);
  return (
    <nav ref={bar} class="nav" aria-label={nav.label}>
      {sections.map((name) => (
        <a
          key={name}
          href={hashOf({ section: name })}
          aria-current={name === section ? "page" : undefined}
        >
          {nav[name]}
        </a>
      ))}
    </nav>
  );
}

function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Section(): JSX.Element {
  const { ref, section } = useApp().route.value;
  if (ref !== undefined) return <CredentialView key={ref} name={ref} />;
  switch (section) {
    case "conflicts":
      return <ConflictsView />;
    case "ledger":
      return <LedgerView />;
    case "fleet":
      return <FleetView />;
    case "claims":
      return <ClaimsView />;
    case "audit":
      return <AuditView />;
    case "keys":
      return <KeysView />;
    default:
      return <FirstScreen />;
  }
}

/** A stream may look open long after the server has stopped. */
const silentMs = 25_000;

function Freshness(): JSX.Element {
  const app = useApp();
  const dictionary = app.dictionary.value;
  const { live } = dictionary;
  const ageMs = app.now.value - app.heardAtMs.value;
  const isLive = app.stream.value === "open" && !app.isUnreachable.value && ageMs < silentMs;
  const old = live.old(duration(ageMs, dictionary));
  const word = app.heardAtMs.value === 0 ? live.connecting : live.reconnecting;
  return (
    <span class={`fresh ${isLive ? "fresh-live" : "fresh-old"}`}>
      <svg class="fresh-dot" viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
        {isLive ? <circle cx="5" cy="5" r="4" /> : <path d="M1.5 5a3.5 3.5 0 1 1 1 2.5" />}
      </svg>
      <span role="status">{isLive ? live.live : word}</span>
      {!isLive && ageMs >= 2_000 && <span class="muted"> · {old}</span>}
    </span>
  );
}

/** Placed before the choices, so that they do not move when it disappears. */
function SignOut({ name }: { readonly name: string }): JSX.Element {
  const app = useApp();
  const { signedInAs, signOut } = app.dictionary.value;
  return (
    <button
      type="button"
      class="button sign-out"
      title={signedInAs(name)}
      onClick={() => void app.signOut()}
    >
      {signOut}
    </button>
  );
}

function Choices(): JSX.Element {
  const app = useApp();
  const { language, theme } = app.dictionary.value;
  return (
    <div class="choices">
      <label>
        <span class="hidden">{language}</span>
        <select
          value={app.language.value}
          onChange={({ currentTarget }) => {
            const chosen = languages.find((one) => one === currentTarget.value);
            if (chosen !== undefined) void app.choose(chosen);
          }}
        >
          {languages.map((one) => (
            <option key={one} value={one}>
              {languageNames[one]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="hidden">{theme.label}</span>
        <select
          value={app.theme.value}
          onChange={({ currentTarget }) => (app.theme.value = currentTarget.value as Theme)}
        >
          {(["auto", "light", "dark"] as const).map((one) => (
            <option key={one} value={one}>
              {theme[one]}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Notices(): JSX.Element {
  const app = useApp();
  const { problems } = app.dictionary.value;
  const rows = [...(app.rows.value?.values() ?? [])];
  const isStoreAway = app.isStoreAway.value || rows.some(({ row }) => row.degraded === "store");
  const text = app.isUnreachable.value
    ? problems.unreachable
    : isStoreAway
      ? problems.store
      : app.hasLog.value
        ? undefined
        : problems.noLog;
  return (
    <div role="status" class="notices">
      {text !== undefined && <p class="notice tone-warn">{text}</p>}
    </div>
  );
}
