/** What may be done to a person, a message or a room, as values: from the server's commands, and from roles. */

import { nameOf } from "./commands.js";

/** @typedef {import("./commands.js").Command} Command */
/** A command with some of its arguments; `form` asks the user for the others, or to confirm. @typedef {{label: string, command: string, given: Record<string, unknown>, form?: boolean, danger?: boolean}} Action */
/** An argument of a command as a form asks for it. @typedef {{name: string, label: string, needed: boolean, kind: "text" | "long" | "password" | "flag" | "choice", hint?: string, choices?: string[], fill?: string}} Field */
/** @typedef {{label: (name: string, room: string) => string, form?: boolean, danger?: boolean, roles?: string[]}} Offer */

const NOBODY = [""], ORDINARY = ["", "voiced"];
const PEOPLE = ["name", "who", "names"]; // arguments that are people

/** The commands for which the server must know the room: it may be another one than the last joined. */
const OF_A_ROOM = new Set(["kick", "ban", "unban", "mute", "unmute", "exempt", "unexempt", "admit", "unadmit", "bans", "howtoban", "audit", "set", "topic", "rename", "op", "deop", "voice",
    "devoice", "transfer", "invite", "invited", "uninvite", "mods", "stats"]);

/** What is offered about a person; `roles` are those that the person must have. @type {Record<string, Offer>} */
const OFFERS = {
    invite: { label: name => `Invite ${name} to a room…`, form: true },
    watch: { label: name => `Tell me when ${name} comes online` },
    voice: { label: () => "Give voice", roles: NOBODY },
    devoice: { label: () => "Remove voice", roles: ["voiced"] },
    op: { label: (_, room) => `Make moderator of ${room}`, roles: ORDINARY },
    deop: { label: (_, room) => `Remove as moderator of ${room}`, roles: ["moderator"] },
    transfer: { label: (_, room) => `Make founder of ${room}…`, form: true, roles: [...ORDINARY, "moderator"] },
    exempt: { label: (_, room) => `Exempt from bans in ${room}`, roles: ORDINARY },
    howtoban: { label: () => "Compare possible bans…" },
    report: { label: () => "Report to the operators…", form: true, danger: true },
    mute: { label: () => "Mute…", form: true, danger: true },
    kick: { label: () => "Remove…", form: true, danger: true },
    ban: { label: () => "Ban…", form: true, danger: true },
    disable: { label: () => "Disable the account…", form: true, danger: true },
};
/** Commands about people that the menu does not repeat. */
const ELSEWHERE = new Set(["nick", "whois", "whowas", "msg", "query", "ignore", "unignore", "unwatch", "uninvite", "unban", "unmute", "unexempt", "admit", "unadmit", "enable"]);
const IN_A_ROOM = new Set(["op", "deop", "voice", "devoice", "transfer", "exempt", "kick", "mute", "ban"]);

/**
 * Return what the user may do to a person, as the commands that the server lists allow.
 * @param {Command[]} commands
 * @param {string} name
 * @param {string} room the room where the person was chosen, or nothing
 * @param {string | null} role of the person there; null: is not in the room
 * @returns {Action[]}
 */
export function personActions(commands, name, room, role) {
    const known = Object.keys(OFFERS);
    const offered = known.filter(each => commands.some(command => nameOf(command) === each) && fits(each, room, role));
    const others = commands.filter(command => !known.includes(nameOf(command)) && !ELSEWHERE.has(nameOf(command)) && isAboutPerson(command));
    return [
        ...offered.map(command => offer(command, commands, name, room)),
        ...others.map(command => ({ label: `${sentence(command.help)}…`, command: nameOf(command), given: { [personOf(command)]: name }, form: true })),
    ];
}

/**
 * @param {string} command
 * @param {string} room
 * @param {string | null} role
 */
function fits(command, room, role) {
    const { roles } = OFFERS[command];
    if (!room && IN_A_ROOM.has(command) && roles) return false;
    return !roles || roles.includes(role ?? "");
}

/**
 * @param {string} name
 * @param {Command[]} commands
 * @param {string} person
 * @param {string} room
 * @returns {Action}
 */
function offer(name, commands, person, room) {
    const { label, form, danger } = OFFERS[name];
    const command = /** @type {Command} */ (commands.find(each => nameOf(each) === name));
    const where = name === "invite" ? {} : inRoom(name, room);
    return { label: label(person, room), command: name, given: { [personOf(command)]: person, ...where }, form, danger };
}

/** @param {Command} command */
function isAboutPerson(command) {
    const first = fieldsOf(command).find(field => field.kind !== "flag");
    return first !== undefined && first.needed && PEOPLE.includes(first.name);
}

/** @param {Command} command */
function personOf(command) {
    return fieldsOf(command).find(field => PEOPLE.includes(field.name))?.name ?? "name";
}

/**
 * Return the argument that names the room, if a command has one.
 * @param {string} command
 * @param {string} room
 */
export function inRoom(command, room) {
    return room.startsWith("#") && OF_A_ROOM.has(command) ? { room } : {};
}

/**
 * Return whether the server lists a command, so that the user may use it.
 * @param {Command[]} commands
 * @param {string} name
 */
export function may(commands, name) {
    return commands.some(command => nameOf(command) === name);
}

// Forms

/** @type {Record<string, Partial<Field>>} */
const FIELDS = {
    name: { label: "Name" },
    who: { label: "Whom", hint: "a name, account=ann, or ip=10.0.0.0/8" },
    names: { label: "Names" },
    duration: { label: "For how long", hint: "10m, 2h or 7d; empty: permanently", choices: ["10m", "1h", "1d", "7d", "30d"] },
    reason: { label: "Reason" },
    words: { label: "Parting words" },
    text: { label: "Text", kind: "long" },
    room: { label: "Room" },
    password: { label: "Password", kind: "password", fill: "current-password" },
    old: { label: "Current password", kind: "password", fill: "current-password" },
    new: { label: "New password", kind: "password", fill: "new-password" },
    email: { label: "Email" },
    code: { label: "Code" },
    quietly: { label: "Without telling them", kind: "flag" },
    switch: { label: "Switch", kind: "choice", choices: ["on", "off"] },
    change: { label: "Change", kind: "choice", choices: ["add", "remove"] },
    n: { label: "How many" },
    query: { label: "Words to find" },
};

/**
 * Return the arguments of a command, from its usage.
 * @param {Command} command
 * @returns {Field[]}
 */
export function fieldsOf({ usage }) {
    return usage.trim().split(/\s+/).slice(1).map(word => {
        const name = word.replace(/^\[?-*|\]$/g, "");
        /** @type {Field} */
        const field = { name, label: sentence(name), needed: !word.startsWith("["), kind: word.startsWith("[--") ? "flag" : "text" };
        return Object.hasOwn(FIELDS, name) ? { ...field, ...FIELDS[name] } : field;
    });
}

/**
 * Return a text with a capital letter.
 * @param {string} text
 */
export function sentence(text) {
    return text.charAt(0).toUpperCase() + text.slice(1);
}
