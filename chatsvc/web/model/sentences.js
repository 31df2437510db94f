/** Events in words, for those that have no display of their own. Moderation is in `moderation_sentences.js`. */

import { MODERATION } from "./moderation_sentences.js";
import { clean, counted, listing } from "./text_rules.js";

/** @typedef {import("./items.js").Event} Event */
/** @typedef {(event: Event, here: string) => string | string[]} Words */

/** @type {Record<string, Words>} */
const WORDS = {
    welcome: event => (event.motd ?? "").split("\n").filter(Boolean),
    notice: event => event.text,
    goodbye: event => event.text,
    refused: event => event.text,
    renamed: event => (event.own ? `You are now ${event.new}.` : `${event.old} is now ${event.new}.`),
    realname: event => (event.own ? `Real name set: ${event.realname}` : []),
    away(event) {
        const who = event.own ? "You are" : `${event.name} is`;
        if (event.reason === undefined) return `${who} back.`;
        return `${who} away${event.reason === "away" ? "." : `: ${event.reason}`}`;
    },
    topic(event, here) {
        const room = event.room === here ? "" : ` of ${event.room}`;
        if (event.changed) return `${event.by} set the topic${room}: ${event.text ?? ""}`;
        if (event.text) return `The topic${room}: ${event.text} (by ${event.by}, ${dated(event.time)})`;
        return "No topic is set. To set one: /topic text";
    },
    told: event => `${event.from} whispers to the moderators of ${event.to.slice(1)}: ${event.text}`,
    missed: () => "Your connection was slow, so some join and leave notices were skipped.",
    asked: event => [...(event.choices ?? []).map((/** @type {string} */ name, /** @type {number} */ at) => `${at + 1}  ${name}`), event.text],
    ignoring: event => (event.names?.length ? `You ignore ${listing(event.names)}.` : "Your ignore list is empty."),
    online: event => `${are(event.names)} online.`,
    offline: event => `${are(event.names)} offline.`,
    watching(event) {
        const watched = [["online", event.online], ["offline", event.offline]].filter(([, names]) => names?.length);
        if (!watched.length) return "Your watch list is empty. To be notified when bob joins or leaves: /watch bob";
        return watched.map(([state, names]) => `Watching ${listing(names)} (${state}).`);
    },
    census: event => `${counted(event.people, "user")} online in ${counted(event.rooms, "room")}; peak: ${counted(event.most, "user")}.`,
    about: event => `This chat is ${event.chat}. It runs ${event.software}.`,
    clock: event => `It is ${dated(event.time)}.`,
    pong: () => "pong",
    person(event) {
        const account = event.account && event.account !== event.name ? `, registered as ${event.account}` : "";
        const rooms = event.rooms?.length ? `, in ${listing(event.rooms)}` : "";
        const from = event.addresses?.length ? `, from ${listing(event.addresses)}` : "";
        const away = event.away === undefined ? "" : `, away: ${event.away}`;
        return `${event.name}: ${event.role ? `${event.role}, ` : ""}online since ${dated(event.since)}${away}${account}${rooms}${from}`;
    },
    departed: event => event.people.map((/** @type {Event} */ person) => `${person.name}: last seen ${dated(person.time)}`),
    stats: event => event.people.map((/** @type {Event} */ each) => `${each.name}  ${counted(each.lines, "message")}, ${counted(each.bytes, "byte")}`),
    help(event) {
        if (event.commands.length !== 1) return []; // a list
        const [about] = event.commands;
        const also = about.aliases?.length ? [`also: ${about.aliases.join(", ")}`] : [];
        return [`${about.usage}: ${about.help}`, ...also, ...(about.example ? [`for example: ${about.example}`] : [])];
    },
    ...MODERATION,
};

/** Events that are for programs only. */
const SILENT = new Set(["kept", "marked", "recent", "signal", "retracted", "history", "found", "rooms", "entered", "proved", "challenge", "identified"]);

/**
 * Return an event in words, one string for each paragraph.
 * @param {Event} event
 * @param {string} here the buffer where they are shown
 * @returns {string[]}
 */
export function lines(event, here) {
    if (SILENT.has(event.event)) return [];
    const words = Object.hasOwn(WORDS, event.event) ? WORDS[event.event](event, here) : (event.text ?? []);
    return [words].flat().map(clean);
}

/**
 * Return the date and time of an event for people.
 * @param {string} time
 */
export function dated(time) {
    return new Date(time).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

/** @param {string[]} names */
function are(names) {
    return `${listing(names)} ${names.length === 1 ? "is" : "are"}`;
}
