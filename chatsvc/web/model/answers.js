/** The server's long answers as rows, each with what can be done about it. No page. */

import { sentence } from "./actions.js";
import { nameOf } from "./commands.js";
import { dated } from "./sentences.js";
import { counted, listing } from "./text_rules.js";

/** @typedef {import("./items.js").Event} Event */
/** What a row offers: a command, a person's menu, a room to go to, a message to show, or a text to copy; `list`: the answer is one. @typedef {{label: string, command?: string, given?: Record<string, unknown>, form?: boolean, list?: boolean, danger?: boolean, person?: string, room?: string, jump?: [string, number], copy?: string}} Act */
/** A rule that the row lets the user change. @typedef {{command: string, given: Record<string, unknown>, field: string, value: string, choices: string[]}} Edit */
/** @typedef {{title: string, about?: string, acts?: Act[], edit?: Edit}} Row */
/** `none` is shown if there are no rows. @typedef {{heading: string, rows: Row[], none: string, acts?: Act[]}} Answer */

/** The field with the entries of each answer that comes in pages. @type {Record<string, string>} */
const PAGED = { accounts: "accounts", people: "people" };
const ACTS = 100; // entries of the log that are added at once
const MOST_ACTS = 10_000; // that the server lists

/** Return the arguments for as many pages of a list as are shown. @param {string} command @param {number} pages @returns {Record<string, unknown>} */
export function ofPages(command, pages) {
    return command === "audit" ? { n: Math.min(pages * ACTS, MOST_ACTS) } : {};
}

/** Return the arguments for the page that follows an answer, if it must be asked for. @param {Event} event @returns {Record<string, unknown> | null} */
export function following(event) {
    const last = event.more && event[PAGED[event.event] ?? ""]?.at(-1);
    return last ? { after: last.name } : null;
}

/** Return one answer for two pages of it. @param {Event} event @param {Event} next @returns {Event} */
export function joined(event, next) {
    const field = PAGED[event.event] ?? "";
    return { ...next, [field]: [...event[field], ...next[field]] };
}

/** Return whether there is more than the pages that are shown. @param {Event} event @param {number} pages */
export function hasMore(event, pages) {
    return event.event === "audit" ? event.acts.length >= pages * ACTS && event.acts.length < MOST_ACTS : following(event) !== null;
}

/** @type {Record<string, (event: Event) => Answer>} */
const ANSWERS = {
    person: event => ({ heading: event.name, rows: facts(event), none: "", acts: [{ label: "More…", person: event.name }] }),
    people: event => ({
        heading: event.room ? `People in ${event.room}` : "People", none: "Nobody.",
        rows: event.people.map((/** @type {Event} */ one) => ({
            title: one.name, acts: [{ label: "More…", person: one.name }],
            about: parts(one.role, one.account ? "" : "guest", one.away === undefined ? "" : `away: ${one.away}`, one.idle > 60 ? `idle for ${span(one.idle)}` : ""),
        })),
    }),
    departed: event => ({
        heading: `Who used the name ${event.name}`, none: "Nobody has used this name recently.",
        rows: event.people.map((/** @type {Event} */ one) => ({ title: one.name, about: parts(`last seen ${dated(one.time)}`, one.account && `account ${one.account}`, one.realname) })),
    }),
    rooms: event => ({
        heading: "Rooms", none: "There are no rooms.",
        rows: event.rooms.map((/** @type {Event} */ place) => ({
            title: place.room, about: parts(counted(place.count, "person", "people"), counted(place.last, "message"), place.topic), acts: [{ label: "Open", room: place.room }],
        })),
    }),
    stats: event => ({
        heading: `Messages in ${event.room}`, none: "No messages yet.",
        rows: event.people.map((/** @type {Event} */ one) => ({ title: one.name, about: parts(counted(one.lines, "message"), counted(one.bytes, "byte")) })),
    }),
    ignoring: event => ({
        heading: "Ignored people", none: "You ignore nobody.",
        rows: (event.names ?? []).map((/** @type {string} */ name) => ({ title: name, acts: [{ label: "Stop ignoring", command: "unignore", given: { name } }] })),
    }),
    watching: event => ({
        heading: "Watched people", none: "You watch nobody.",
        rows: [...watched(event.online, "online"), ...watched(event.offline, "offline")],
    }),
    rules: event => ({ heading: `Rules of ${event.room}`, none: "", rows: [...event.rules.map((/** @type {Event} */ rule) => ruleRow(rule, event.room)), ...roles(event)] }),
    expected: event => ({
        heading: `Invited to ${event.room}`, none: "No invitations are pending.",
        rows: (event.names ?? []).map((/** @type {string} */ name) => ({ title: name, acts: [{ label: "Withdraw", command: "uninvite", given: { name, room: event.room } }] })),
    }),
    bans: event => ({
        heading: `Bans in ${event.room ?? "the whole chat"}`, none: "No bans, mutes or exemptions.",
        rows: event.bans.map((/** @type {Event} */ ban) => banRow({ room: event.room, ...ban })),
    }),
    ways: event => ({
        heading: `Possible bans of ${event.name}`, none: "",
        rows: event.ways.map((/** @type {Event} */ way) => ({
            title: way.who, about: way.also?.length ? `also affects ${listing(way.also)}${way.others ? ` and ${way.others} more` : ""}` : "affects nobody else online",
            acts: [{ label: "Ban…", command: "ban", given: { who: way.who }, form: true, danger: true }],
        })),
    }),
    reports: event => ({
        heading: "Open reports", none: "No open reports.",
        rows: event.reports.map((/** @type {Event} */ report) => ({
            title: `${report.about}: ${report.reason}`, about: parts(`report ${report.number} by ${report.by}`, report.room && `in ${report.room}`, dated(report.time)),
            acts: [{ label: "More…", person: report.about }, { label: "Close report", command: "resolve", given: { number: report.number } }],
        })),
    }),
    audit: event => ({
        heading: "Moderation log", none: "No moderation actions yet.",
        rows: [...event.acts].reverse().map((/** @type {Event} */ act) => ({ title: `${act.by} ${act.what}`, about: parts(dated(act.time), act.room ?? "the whole chat") })),
    }),
    status: event => ({ heading: "Status", none: "", rows: statusRows(event) }),
    accounts: event => ({ heading: event.more ? `The first ${event.accounts.length} of ${event.count} accounts` : "Accounts", none: "No accounts.", rows: event.accounts.map(accountRow) }),
    settings: event => ({
        heading: "Settings", none: "", rows: event.settings.map((/** @type {Event} */ one) => ({ title: `${one.name}: ${one.value || "not set"}`, about: one.help })),
    }),
    sessions: event => ({ heading: "Connections and remembered logins", none: "", rows: [...event.sessions.map(seatRow), ...(event.tokens ?? []).map(tokenRow)] }),
    certificates: event => ({
        heading: "Certificates", none: "Your account has no certificates.",
        rows: (event.fingerprints ?? []).map((/** @type {string} */ print) => ({
            title: print, about: print === event.own ? "this connection" : "", acts: [{ label: "Remove", command: "certificate", given: { change: "remove", fingerprint: print }, danger: true }],
        })),
        acts: [{ label: "Add…", command: "certificate", given: { change: "add" }, form: true }],
    }),
    token: event => ({
        heading: "New token", none: "",
        rows: [{ title: event.token, about: "Copy this secret now: it is not shown again.", acts: [{ label: "Copy", copy: event.token }] }],
    }),
    code: event => ({ heading: "Invitation code", none: "", rows: [{ title: event.code, about: "For one registration.", acts: [{ label: "Copy", copy: event.code }] }] }),
    found: event => ({ heading: `Search: ${event.query}`, none: "No messages found.", rows: event.lines.map((/** @type {Event} */ line) => lineRow(line, line.room)) }),
    history: event => ({ heading: `Earlier messages in ${event.room}`, none: "No messages.", rows: event.lines.map((/** @type {Event} */ line) => lineRow(line, event.room)) }),
    help: event => ({
        heading: "Commands", none: "",
        rows: event.commands.map((/** @type {any} */ command) => ({
            title: command.usage, about: parts(command.help, command.example && `for example: ${command.example}`),
            acts: [{ label: "Use…", command: nameOf(command), given: {}, form: true }],
        })),
    }),
};

/** Answers in words that are also rows: they are shown as rows only where the user asked for them. */
const ALSO_WORDS = new Set(["person", "ignoring", "watching", "expected", "stats", "departed"]);
/** Lists that also answer a change of them. */
const CONFIRMING = new Set(["ignoring", "watching", "expected"]);

/**
 * Return whether an answer is a list, which the conversation does not show.
 * @param {Event} event
 */
export function isListed(event) {
    return Object.hasOwn(ANSWERS, event.event) && !ALSO_WORDS.has(event.event) && event.commands?.length !== 1;
}

/**
 * Return whether the answer to a command in a menu is shown as a list: it is one, and does not only confirm a change.
 * @param {Event} event
 */
export function isWorthShowing(event) {
    return Object.hasOwn(ANSWERS, event.event) && !CONFIRMING.has(event.event);
}

/**
 * Return an answer as rows, if it is a list.
 * @param {Event} event
 * @returns {Answer | null}
 */
export function answer(event) {
    return Object.hasOwn(ANSWERS, event.event) ? ANSWERS[event.event](event) : null;
}

/**
 * Return what is known about a person as rows.
 * @param {Event} person
 * @returns {Row[]}
 */
export function facts(person) {
    const rows = [
        ["Account", person.account ? (person.account === person.name ? "registered" : `registered as ${person.account}`) : "guest"],
        ["Role", person.role], ["Real name", person.realname], ["Away", person.away], ["Online since", dated(person.since)],
        ["Idle", person.idle > 60 ? span(person.idle) : "no"], ["Rooms", person.rooms?.length ? inRooms(person) : ""],
        ["Connection", person.secure ? "encrypted" : "not encrypted"], ["Program", person.bot && "yes"], ["From", person.addresses?.length && listing(person.addresses)],
        ["Node", person.nodes?.length && listing(person.nodes)],
    ];
    return rows.filter(([, value]) => value).map(([title, about]) => ({ title, about }));
}

/**
 * Return the figures of the service as rows.
 * @param {Event} status
 * @returns {{title: string, about: string}[]}
 */
export function statusRows(status) {
    /** @type {Record<string, string | number>} */
    const rows = {
        "People": `${status.people} (peak: ${status.peak})`, "Connections": status.connections, "Rooms": status.rooms, "Accounts": status.accounts, "Open reports": status.reports,
        "Messages per second": status.messages_per_second, "Time of a commit": `${status.commit_ms} ms (longest: ${status.longest_commit_ms} ms)`, "Waiting to be stored": status.waiting,
        "Archive": inBytes(status.archive_bytes), "Search index": inBytes(status.index_bytes), "Lockdown": status.lockdown ? "on" : "off",
        "Version": status.version, "Running since": dated(status.since),
    };
    for (const node of status.nodes ?? []) rows[`Node ${node.name}`] = nodeFacts(node);
    return Object.entries(rows).map(([title, about]) => ({ title, about: String(about) }));
}

/** @param {Event} node */
function nodeFacts(node) {
    const connections = counted(node.connections, "connection");
    return node.leads ? `leads, ${connections}` : `relays, ${connections}, lag ${node.lag_ms} ms`;
}

/** @param {number} count */
function inBytes(count) {
    const power = Math.min(Math.floor(Math.log2(count || 1) / 10), 3);
    return `${Number((count / 1024 ** power).toPrecision(4))} ${["bytes", "KiB", "MiB", "GiB"][power]}`;
}

/** @param {Event} account @returns {Row} */
function accountRow({ name, since, used, sessions, operator, disabled }) {
    const given = { name };
    return {
        title: name, about: parts(operator && "operator", disabled && "disabled", sessions ? counted(sessions, "connection") : used ? `last sign-in ${dated(used)}` : "never signed in", `registered ${dated(since)}`),
        acts: disabled ? [{ label: "Enable", command: "enable", given }] : operator ? [] : [{ label: "Disable…", command: "disable", given, form: true, danger: true }],
    };
}

/** @param {Event} person */
function inRooms({ rooms, roles }) {
    return listing(rooms.map((/** @type {string} */ room, /** @type {number} */ at) => (roles?.[at] ? `${room} (${roles[at]})` : room)));
}

/**
 * Return a duration in words.
 * @param {number} seconds
 */
export function span(seconds) {
    const [count, unit] = seconds < 5400 ? [seconds / 60, "minute"] : seconds < 129_600 ? [seconds / 3600, "hour"] : [seconds / 86_400, "day"];
    return counted(Math.round(Number(count)), String(unit));
}

/** @param {...(string | false | undefined | null)} some */
function parts(...some) {
    return some.filter(Boolean).join(" · ");
}

/**
 * @param {string[] | undefined} names
 * @param {string} state
 */
function watched(names, state) {
    return (names ?? []).map(name => ({ title: name, about: state, acts: [{ label: "Stop watching", command: "unwatch", given: { names: name } }] }));
}

/**
 * @param {Event} rule
 * @param {string} room
 * @returns {Row}
 */
function ruleRow({ name, value, help }, room) {
    const listed = /: (\w+), (\w+) or (\w+)$/.exec(help);
    const choices = help.startsWith("on:") ? ["on", "off"] : listed ? listed.slice(1) : [];
    return { title: sentence(name), about: sentence(help), edit: { command: "set", given: { rule: name, room }, field: "value", value: String(value ?? ""), choices } };
}

/** @param {Event} event @returns {Row[]} */
function roles({ founder, moderators }) {
    return [
        ...(founder ? [{ title: "Founder", about: founder }] : []),
        ...(moderators?.length ? [{ title: "Moderators", about: listing(moderators) }] : []),
    ];
}

/** @param {Event} ban @returns {Row} */
function banRow(ban) {
    const allows = ban.exempt || ban.admits;
    const did = ban.admits ? "admitted" : ban.exempt ? "exempt" : ban.mute ? "muted" : "banned";
    const lift = ban.admits ? "unadmit" : ban.exempt ? "unexempt" : ban.mute ? "unmute" : "unban";
    const until = ban.until ? `until ${dated(ban.until)}` : allows ? "" : "permanently";
    return {
        title: `${ban.who}: ${did}`, about: parts(until, ban.reason, `by ${ban.by}`, dated(ban.time), ban.addresses?.length && listing(ban.addresses)),
        acts: [{ label: allows ? "End" : "Lift", command: lift, given: { who: ban.who, ...(ban.room && { room: ban.room }) } }],
    };
}

/** @param {Event} seat @returns {Row} */
function seatRow(seat) {
    const end = { label: "End", command: "sessions", given: { end: seat.number }, danger: true };
    return {
        title: seat.own ? "This connection" : `Connection ${seat.number}`,
        about: parts(`since ${dated(seat.since)}`, `from ${seat.address}`, seat.rooms?.length && `in ${listing(seat.rooms)}`), acts: seat.own ? [] : [end],
    };
}

/** @param {Event} token @returns {Row} */
function tokenRow(token) {
    return {
        title: token.label || `Token ${token.number}`, about: parts(token.own && "this browser", `since ${dated(token.since)}`, token.used && `last used ${dated(token.used)}`),
        acts: [{ label: "End", command: "sessions", given: { end: token.number, token: true }, danger: true }],
    };
}

/**
 * @param {Event} line
 * @param {string} room
 * @returns {Row}
 */
function lineRow(line, room) {
    return {
        title: line.deleted ? `deleted by ${line.deleted}` : line.text, about: parts(line.from, room, dated(line.time), `number ${line.number}`),
        acts: [{ label: "Show", jump: [room, line.number] }],
    };
}

