/** A token's lifetime as a bar: the past, now, the refresh window, the end. */
import type { OverviewRow } from "@lingpai/server";
import type { JSX } from "preact";
import { useApp } from "../app.ts";
import { duration } from "../words.ts";

export function LifeBar({ row }: { readonly row: OverviewRow }): JSX.Element {
  const dictionary = useApp().dictionary.value;
  const { list } = dictionary;
  const { ageMs, expiresInMs, renewsInMs = 0 } = row;
  if (ageMs === undefined || expiresInMs === undefined || row.state === "none")
    return (
      <div class="life">
        <svg class="life-bar" role="img" aria-label={list.noToken}>
          <rect class="life-track" width="100%" height="100%" rx="3" />
        </svg>
        <span class="life-text muted">{list.noToken}</span>
      </div>
    );
  const wholeMs = Math.max(1, ageMs + expiresInMs);
  const at = (ms: number): string => `${((100 * ms) / wholeMs).toFixed(2)}%`;
  const left = duration(expiresInMs, dictionary);
  const renews = renewsInMs <= 0 ? list.renewsNow : list.renews(duration(renewsInMs, dictionary));
  const label = list.barLabel(duration(ageMs, dictionary), left, renews);
  return (
    <div class="life">
      <svg class="life-bar" role="img" aria-label={label}>
        <rect class="life-track" width="100%" height="100%" rx="3" />
        <rect
          class="life-window"
          x={at(ageMs + renewsInMs)}
          width={at(Math.max(0, expiresInMs - renewsInMs))}
          height="100%"
          rx="3"
        />
        <rect class="life-past" width={at(ageMs)} height="100%" rx="3" />
        <line class="life-now" x1={at(ageMs)} x2={at(ageMs)} y1="0" y2="100%" />
      </svg>
      <span class="life-text" aria-hidden="true">
        <span>{expiresInMs <= 0 ? list.ended : list.left(left)}</span>
        <span class="muted">{renews}</span>
      </span>
    </div>
  );
}
