/** Completion of commands, names, rooms and emoji. No page. */

import { aliasesOf, nameOf } from "./commands.js";
import { beginning } from "./emojis.js";
import { key } from "./text_rules.js";

/** @typedef {import("./commands.js").Command} Command */
/** The possible completions; people in the order in which they last spoke. @typedef {{commands: Command[], names: string[], rooms: string[]}} Candidates */
/** A completion: the text to insert, and a description. @typedef {{text: string, about: string}} Candidate */
/** Which part of a line can be replaced by which candidates. @typedef {{start: number, end: number, candidates: Candidate[]}} Completion */

const EMOJI = /:([\w+-]+)$/;
const PEOPLE = ["name", "names", "who"]; // placeholders in a usage that stand for people

/**
 * Return the completions of the word before `at`; `first` is the first line of a text.
 * @param {string} line
 * @param {number} at
 * @param {Candidates} known
 * @returns {Completion | null}
 */
export function complete(line, at, known, first = true) {
    const before = line.slice(0, at);
    const word = /** @type {RegExpMatchArray} */ (before.match(/\S*$/))[0];
    const from = before.length - word.length;
    const emoji = before.startsWith("/") ? null : word.match(EMOJI);
    const candidates = choices(before, from, known, first);
    const start = emoji ? from + (emoji.index ?? 0) : from;
    return candidates.length ? { start, end: at, candidates } : null;
}

/**
 * @param {string} before
 * @param {number} start
 * @param {Candidates} known
 * @param {boolean} first
 * @returns {Candidate[]}
 */
function choices(before, start, known, first) {
    const word = before.slice(start);
    const ofCommand = first && before.startsWith("/");
    const emoji = word.match(EMOJI);
    if (ofCommand && start === 0) return ofCommands(word.slice(1), known.commands);
    if (word.startsWith("#")) return matching(word, known.rooms);
    if (ofCommand) return ofArguments(before, word, known);
    if (emoji) return beginning(emoji[1].toLowerCase()).map(([name, sign]) => ({ text: sign, about: `:${name}:` }));
    return matching(word, known.names, first && start === 0 ? ": " : " ");
}

/**
 * @param {string} part
 * @param {Command[]} commands
 * @returns {Candidate[]}
 */
function ofCommands(part, commands) {
    const names = commands.map(command => ({ name: nameOf(command), about: command.help }));
    const aliases = commands.flatMap(command => aliasesOf(command).map(name => ({ name, about: command.help })));
    return [...sorted(names), ...sorted(aliases)]
        .filter(each => each.name.startsWith(part.toLowerCase()))
        .map(each => ({ text: `/${each.name} `, about: each.about }));
}

/** @param {{name: string, about: string}[]} named */
function sorted(named) {
    return named.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/**
 * Return the candidates for an argument, by the command's usage: rooms or people.
 * @param {string} before
 * @param {string} word
 * @param {Candidates} known
 */
function ofArguments(before, word, known) {
    const [name, ...given] = before.slice(1).split(" ");
    const command = called(name, known.commands);
    const expected = command ? command.usage.split(/\s+/).slice(1) : [];
    const wanted = (expected[Math.min(given.length, expected.length) - 1] ?? "").replace(/[[\]]/g, "");
    if (wanted === "room") return matching(`#${word}`, known.rooms);
    return PEOPLE.includes(wanted) || word || !command ? matching(word, known.names) : [];
}

/**
 * @param {string} word
 * @param {string[]} choices
 */
function matching(word, choices, after = " ") {
    const at = word.startsWith("@") ? "@" : "";
    const part = key(word.slice(at.length));
    return choices.filter(each => key(each).startsWith(part)).map(each => ({ text: `${at}${each}${after}`, about: "" }));
}

/**
 * @param {string} name
 * @param {Command[]} commands
 */
function called(name, commands) {
    return commands.find(command => [nameOf(command), ...aliasesOf(command)].includes(name.toLowerCase()));
}

/**
 * Return the usage and help of the command being typed, or nothing.
 * @param {string} text
 * @param {Command[]} commands
 */
export function hint(text, commands) {
    if (!text.startsWith("/") || text.startsWith("//") || text.includes("\n")) return "";
    const command = called(text.slice(1).split(" ")[0], commands);
    return command ? `${command.usage} — ${command.help}` : "";
}
