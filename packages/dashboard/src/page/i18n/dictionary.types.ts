/** A dictionary that lacks a key does not compile. */
import type { Dictionary } from "./dictionary.ts";
import { dictionary } from "./en.ts";

const { skip: _skip, ...withoutKey } = dictionary;
// @ts-expect-error a key is missing
export const incomplete: Dictionary = withoutKey;

const { contended: _contended, ...withoutEvent } = dictionary.events;
// @ts-expect-error an event of core has no prose
export const silent: Dictionary = { ...dictionary, events: withoutEvent };

const { doubt: _doubt, ...withoutState } = dictionary.states;
// @ts-expect-error a state has no word
export const wordless: Dictionary = { ...dictionary, states: withoutState };
