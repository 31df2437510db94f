/** What the operators' page draws of the figures. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { added, points, series } from "../../../chatsvc/web/admin/samples.js";
import { statusRows } from "../../../chatsvc/web/model/answers.js";

const sample = people => ({ event: "status", people, messages_per_second: 0, commit_ms: 1.5 });

test("the latest value is at the right, the highest at the top", () => {
    const [people, rate, commits] = series([2, 4, 1].map(sample));
    assert.deepEqual([people.now, people.most], [1, 4]);
    const drawn = points(people).split(" ").map(point => point.split(",").map(Number));
    assert.deepEqual(drawn.map(([, y]) => y), [50, 2, 74]);
    assert.equal(drawn.at(-1)[0], 100);
    assert.ok(points(rate).split(" ").every(point => point.endsWith(",98")));
    assert.equal(commits.most, 1.5);
});

test("many samples fill the width, and the oldest are forgotten", () => {
    let samples = [];
    for (let people = 0; people < 300; people++) samples = added(samples, sample(people));
    assert.equal(samples.length, 200);
    const [people] = series(samples);
    assert.equal(people.most, 299);
    assert.ok(points(people).startsWith("0,"));
});

test("sizes are readable", () => {
    const archive = archive_bytes => statusRows({ archive_bytes, index_bytes: 0, since: "2026-11-21T14:01:00.000Z" }).find(row => row.title === "Archive").about;
    assert.deepEqual([0, 1023, 1536, 5 * 1024 ** 3].map(archive), ["0 bytes", "1023 bytes", "1.5 KiB", "5 GiB"]);
});
