/** Notifications: what the settings allow, once per browser; and what a token is called. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Notifications } from "../../../chatsvc/web/control/notifications.js";
import { Preferences } from "../../../chatsvc/web/control/preferences.js";
import { Tabs } from "../../../chatsvc/web/control/tabs.js";
import { Buffer } from "../../../chatsvc/web/model/buffers.js";
import { browserLabel } from "../../../chatsvc/web/model/browser_label.js";
import { spoken } from "../../../chatsvc/web/model/items.js";

class Browser {
    time = 0;
    played = 0;
    timers = [];
    kept = new Map();
    shelf = { getItem: name => this.kept.get(name) ?? null, setItem: (name, value) => this.kept.set(name, value), removeItem: name => this.kept.delete(name), clear() {} };
    clock = { now: () => this.time, random: () => 0.5, setTimeout: call => this.timers.push(call), clearTimeout() {} };
    preferences = new Preferences(this.shelf);

    tab() {
        return new Notifications(this.preferences, this.shelf, this.clock, { play: () => this.played++, show() {}, locks: undefined });
    }

    async settle() {
        this.time += 10_000;
        for (const call of this.timers.splice(0)) call();
        await new Promise(resolve => setImmediate(resolve));
    }
}

const room = new Buffer("#tea");
const line = (number, mention) => spoken({ event: "said", room: "#tea", number, from: "bob", text: "hello", time: "2026-11-21T14:00:00.000Z" }, false, mention);

test("by default, nothing makes a sound; with it, mentions do", async () => {
    const browser = new Browser();
    void browser.tab().note(room, line(1, true), false);
    await browser.settle();
    assert.equal(browser.played, 0);
    browser.preferences.set("sound", true);
    for (const [number, mention] of [[2, false], [3, true]]) void browser.tab().note(room, line(number, mention), false);
    await browser.settle();
    assert.equal(browser.played, 1);
});

test("do not disturb; all messages, except of quiet rooms", async () => {
    const browser = new Browser();
    browser.preferences.set("sound", true);
    browser.preferences.set("notify", "off");
    void browser.tab().note(room, line(1, true), false);
    await browser.settle();
    assert.equal(browser.played, 0);
    browser.preferences.set("notify", "all");
    void browser.tab().note(room, line(2, false), false);
    await browser.settle();
    assert.equal(browser.played, 1);
    browser.preferences.toggleQuiet("#tea");
    void browser.tab().note(room, line(3, false), false);
    await browser.settle();
    assert.equal(browser.played, 1);
});

test("of two tabs one notifies, and none if a third shows the message", async () => {
    const browser = new Browser();
    browser.preferences.set("sound", true);
    const tabs = [browser.tab(), browser.tab(), browser.tab()];
    for (const tab of tabs.slice(0, 2)) void tab.note(room, line(1, true), false);
    await browser.settle();
    assert.equal(browser.played, 1);
    for (const tab of tabs.slice(0, 2)) void tab.note(room, line(2, true), false);
    void tabs[2].note(room, line(2, true), true);
    await browser.settle();
    assert.equal(browser.played, 1);
});

test("missed messages do not come as a flood", async () => {
    const browser = new Browser();
    browser.preferences.set("sound", true);
    const tab = browser.tab();
    for (let number = 1; number <= 5; number++) void tab.note(room, line(number, true), false);
    await browser.settle();
    assert.equal(browser.played, 1);
});

test("a duplicated tab learns that its secret is taken", async () => {
    const channels = [];
    const channel = () => {
        const own = { onmessage: null, postMessage: data => channels.filter(each => each !== own).forEach(each => each.onmessage({ data })) };
        channels.push(own);
        return own;
    };
    const browser = new Browser();
    const first = new Tabs(channel(), browser.clock), second = new Tabs(channel(), browser.clock);
    first.client = "secret";
    assert.equal(await second.isTaken("secret"), true);
    const other = second.isTaken("another");
    await browser.settle();
    assert.equal(await other, false);
});

test("browsers have names for people", () => {
    const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    assert.equal(browserLabel(agent), "Firefox on Linux");
    assert.equal(browserLabel("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"), "Edge on Windows");
    assert.equal(browserLabel("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"), "Safari on iPhone");
    assert.equal(browserLabel("lynx"), "Browser");
});
