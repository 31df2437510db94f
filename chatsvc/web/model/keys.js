/** The keyboard shortcuts in one table, which handlers and help are made from. */

/**
 * Keys with the same effect, and where they apply; `Mod` is Ctrl, or Command on a Mac.
 * @typedef {{where: "app" | "input" | "log", keys: string[], help: string}} Shortcut
 */

/** @satisfies {Record<string, Shortcut>} */
export const KEYS = {
    send: { where: "input", keys: ["Enter"], help: "send the message" },
    newLine: { where: "input", keys: ["Shift+Enter", "Alt+Enter"], help: "start a new line" },
    older: { where: "input", keys: ["ArrowUp"], help: "previous message that you sent" },
    newer: { where: "input", keys: ["ArrowDown"], help: "next message that you sent" },
    complete: { where: "input", keys: ["Tab"], help: "complete /commands, names, #rooms and :emoji:" },
    putAway: { where: "input", keys: ["Escape"], help: "close the suggestions; then go to the latest message" },
    next: { where: "app", keys: ["Alt+ArrowDown"], help: "next room or conversation" },
    previous: { where: "app", keys: ["Alt+ArrowUp"], help: "previous room or conversation" },
    present: { where: "app", keys: ["Mod+End"], help: "back to the latest message" },
    region: { where: "app", keys: ["F6"], help: "move between the lists, the messages and the input" },
    regionBack: { where: "app", keys: ["Shift+F6"], help: "the same, backwards" },
    switcher: { where: "app", keys: ["Mod+k"], help: "go to a room, person or command by a few letters" },
    search: { where: "app", keys: ["Mod+Shift+F"], help: "search messages" },
    help: { where: "app", keys: ["F1", "Shift+?", "?"], help: "show this list (? only outside of the input)" },
    up: { where: "log", keys: ["ArrowUp"], help: "previous message" },
    down: { where: "log", keys: ["ArrowDown"], help: "next message" },
    menu: { where: "log", keys: ["Enter", "ContextMenu", "Shift+F10"], help: "menu of the message: reply, copy, delete …" },
};

/** @typedef {keyof typeof KEYS} ShortcutName */
/** What a handler needs of a keyboard event. @typedef {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey" | "getModifierState">} Pressed */

/**
 * Return the shortcut that was pressed. AltGr, which Windows reports as Ctrl and Alt, triggers none.
 * @param {Pressed} event
 * @param {"app" | "input" | "log"} where
 * @returns {ShortcutName | null}
 */
export function shortcut(event, where) {
    if (event.getModifierState("AltGraph")) return null;
    const mod = event.ctrlKey || event.metaKey ? "Mod+" : "";
    const pressed = `${mod}${event.altKey ? "Alt+" : ""}${event.shiftKey ? "Shift+" : ""}${event.key}`;
    for (const [name, each] of Object.entries(KEYS))
        if (each.where === where && each.keys.includes(pressed)) return /** @type {ShortcutName} */ (name);
    return null;
}
