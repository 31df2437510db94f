/** The server's commands as the page knows them: their names, and how to treat what is typed after them. */

/** A command of the server or of this page. @typedef {{usage: string, aliases?: string[], help: string, example?: string, topic?: string, facts?: string[]}} Command */
/** What was typed: a command and its arguments; `literal` is the text if it may not be a command. @typedef {{name: string, rest: string, literal?: string}} Typed */

/** Known before the server reports them: a command with a password is never sent as text, and a message after one that `leads` to another conversation waits for it. @type {Record<string, string[]>} */
const FACTS = {
    say: ["speech"], me: ["speech"], msg: ["once", "speech"], reply: ["once", "speech"], mods: ["speech"],
    announce: ["once"], report: ["once"], claim: ["once"], login: ["secret"], passwd: ["secret", "once"],
    register: ["secret", "once"], unregister: ["secret", "once"],
    join: ["leads"], room: ["leads"], to: ["leads"],
};
/** Which of the words after a command is the account's password afterwards. @type {Record<string, number>} */
const PROVES = { login: -1, passwd: -1, register: 0 };
const ALIASES = { j: "join", enter: "join", w: "msg", whisper: "msg", private: "msg", tell: "msg", r: "reply" };

/** The commands that the user may give. */
export class Commands {
    constructor() {
        /** @type {Command[]} */
        this.listed = [];
        this._facts = new Map(Object.entries(FACTS));
        this._names = new Map([...Object.entries(ALIASES), ...Object.keys(FACTS).map(name => /** @type {[string, string]} */ ([name, name]))]);
    }

    /**
     * Learn the server's commands and their aliases.
     * @param {Command[]} commands
     */
    learn(commands) {
        this.listed = commands;
        for (const command of commands) {
            const name = nameOf(command);
            for (const written of [name, ...aliasesOf(command)]) this._names.set(written, name);
            this._facts.set(name, [...(this._facts.get(name) ?? []), ...(command.facts ?? [])]);
        }
    }

    /**
     * Return the name of the command that is written this way.
     * @param {string} written
     */
    name(written) {
        return this._names.get(written.toLowerCase()) ?? written;
    }

    /** @param {string} written */
    has(written) {
        return this._names.has(written.toLowerCase());
    }

    /**
     * Return whether a fact holds for a command: `secret`, `once`, `speech` or `leads`.
     * @param {string} name
     * @param {string} fact
     */
    is(name, fact) {
        return this._facts.get(name)?.includes(fact) ?? false;
    }

    /**
     * Return the account's password after a command succeeds, if it changes or proves one.
     * @param {string} name
     * @param {string} rest
     */
    passwordOf(name, rest) {
        return Object.hasOwn(PROVES, name) ? rest.trim().split(/\s+/).at(PROVES[name]) : undefined;
    }

    /**
     * Return a text for display, with the arguments of a command with a password as asterisks.
     * @param {string} text
     */
    masked(text) {
        const { name, rest } = typed(text);
        return this.is(this.name(name), "secret") ? `/${name} ${rest.replace(/\S/g, "*")}` : text;
    }
}

/**
 * Return what was typed, which may answer a question of the server.
 * @param {string} text
 * @param {string | null} [question]
 * @returns {Typed}
 */
export function typed(text, question = null) {
    const command = text.match(/^\s*\/([^]*)$/);
    if (command !== null) {
        if (command[1].startsWith("/")) return { name: "say", rest: command[1] };
        return split(command[1]);
    }
    if (question !== null) return { name: question, rest: text };
    if (/^[!\\]/.test(text)) return { ...split(text.slice(1)), literal: text };
    return { name: "say", rest: text };
}

/** @param {string} text */
function split(text) {
    const space = text.search(/\s/);
    return space < 0 ? { name: text, rest: "" } : { name: text.slice(0, space), rest: text.slice(space + 1) };
}

/**
 * Return the name of a command without the leading slash.
 * @param {Command} command
 */
export function nameOf(command) {
    return command.usage.trim().split(" ")[0].replace(/^\/+/, "");
}

/**
 * Return the aliases of a command without the leading slash.
 * @param {Command} command
 */
export function aliasesOf(command) {
    return (command.aliases ?? []).map(alias => alias.replace(/^\/+/, ""));
}
