"use strict";
(() => {
  const $ = (id) => document.getElementById("v-" + id);
  const made = (name, text) => Object.assign(document.createElement(name), { textContent: text ?? "" });
  const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;
  const ROLES = { evidence: "evidence", collateral: "collateral", "gpu-collateral": "NVIDIA's collateral", policy: "policy" };
  const NAMES = { html: ["report.html", "text/html"], json: ["report.json", "application/json"],
    text: ["report.txt", "text/plain"], evidence: ["evidence.json", "application/json"] };
  let files = [], verified, limit = 64 << 20, busy = false;

  // The browser reports what its policy stops: that, not a failed request, shows that nothing can leave.
  const violations = [];
  const stopped = ({ effectiveDirective, blockedURI }) => violations.push(`${effectiveDirective} ${blockedURI}`);
  document.addEventListener("securitypolicyviolation", stopped);

  // The worker is made anew when it was stopped or came to grief.
  let worker, ready, count = 0;
  const waiting = new Map();
  function start() {
    const source = URL.createObjectURL(new Blob([document.getElementById("worker").textContent], { type: "text/javascript" }));
    worker = new Worker(source);
    worker.onmessage = ({ data }) => {
      if (data.violation) return stopped(data.violation);
      const { resolve, reject } = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.error) reject(data.error);
      else resolve(data);
    };
    worker.onerror = (event) => end({ code: "internal", message: event.message || "the worker could not be started" });
    ready = ask("load", document.getElementById("module").textContent.trim());
    ready.then(({ told, took }) => {
      limit = told.input_bytes;
      $("verify").dataset.version = told.version;
      $("verify").dataset.load = Math.round(took);
      refresh();
    }, (error) => alarm({ ...error, help: error.help ?? "another browser, or the program `veritee verify`" }));
  }
  function end(why) {
    worker.terminate();
    for (const { reject } of waiting.values()) reject(why);
    waiting.clear();
  }
  function ask(what, given) {
    const id = (count += 1);
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, ask: what, given });
    });
  }
  async function asked(what, given) {
    try {
      await ready;
      return await ask(what, given);
    } catch (error) {
      if (error.broken) { end(error); start(); }
      throw error;
    }
  }

  function alarm(error) {
    $("alarm").hidden = !error;
    $("alarm").textContent = error ? `${error.message}${error.help ? ". Next: " + error.help : ""} (${error.code})` : "";
  }

  // Files.
  const plain = ({ name, bytes, role }) => ({ name, bytes, role });
  async function add(given) {
    alarm();
    for (const file of given) {
      if (file.size > limit) {
        alarm({ message: `${file.name}: ${file.size} bytes, at most ${limit} are read`, code: "too-large",
          help: "the program `veritee verify` has the same limit; evidence is seldom above one megabyte" });
        continue;
      }
      try {
        const bytes = file.pasted ?? new Uint8Array(await file.arrayBuffer());
        const { told: [{ role, form }] } = await asked("recognise", [{ name: file.name, bytes }]);
        files = files.filter(({ name }) => name !== file.name);
        files.push({ name: file.name, bytes, role, form });
      } catch (error) {
        const unread = typeof error.code === "string" ? error : { code: "unreadable", message: `${file.name}: the browser could not read it`,
          help: "of a folder, drop the files" };
        alarm(unread);
      }
    }
    refresh();
  }
  function refresh() {
    $("none").hidden = files.length > 0;
    $("list").hidden = files.length === 0;
    $("which").hidden = true;
    $("machine").replaceChildren();
    $("rows").replaceChildren(...files.map((file) => {
      const row = made("tr");
      const choice = made("select");
      choice.setAttribute("aria-label", `${file.name} is given as`);
      for (const [role, words] of Object.entries(ROLES)) {
        choice.append(Object.assign(made("option", words), { value: role, selected: role === file.role }));
      }
      choice.onchange = () => { file.role = choice.value; };
      const remove = Object.assign(made("button", "Remove"), { type: "button" });
      remove.setAttribute("aria-label", `Remove ${file.name}`);
      remove.onclick = () => {
        files = files.filter((other) => other !== file);
        refresh();
        $("files").focus();
      };
      const head = made("th", file.name);
      head.scope = "row";
      const cells = [head, made("td", String(file.bytes.length)), made("td", file.form ?? "unknown"), made("td"), made("td")];
      cells[3].append(choice);
      cells[4].append(remove);
      row.append(...cells);
      return row;
    }));
    $("verify").disabled = busy || files.length === 0;
  }

  // Verifying.
  function done(words) {
    $("progress").append(made("li", words));
  }
  function steps(report) {
    const by = new Map();
    for (const { step, outcome, waived } of report.checks) {
      const counts = by.get(step) ?? { pass: 0, fail: 0, waived: 0, "not-checked": 0 };
      counts[outcome === "fail" && waived ? "waived" : outcome] += 1;
      by.set(step, counts);
    }
    for (const [step, counts] of by) {
      const told = Object.entries(counts).filter(([, count]) => count > 0);
      const symbol = counts.fail ? "✗" : counts.waived ? "!" : counts["not-checked"] ? "–" : "✓";
      done(`${symbol} ${step}: ${told.map(([word, count]) => `${count} ${word.replace("-", " ")}`).join(", ")}`);
    }
  }
  async function verify() {
    alarm();
    $("progress").replaceChildren();
    $("result").hidden = true;
    verified = undefined;
    running(true);
    try {
      const given = { files: files.map(plain) };
      const time = $("time").value;
      const at = time ? Math.floor(Date.parse(time + "Z") / 1000) : Math.floor(Date.now() / 1000);
      if (time) given.asOf = at;
      else given.now = at;
      const nonce = $("nonce").value.trim();
      if (nonce) given.nonce = nonce;
      const { told: about, took: load } = await ready;
      done(`✓ verifier ready: veritee ${about.version}, loaded in ${seconds(load)}`);
      const evidence = given.files.filter(({ role }) => role === "evidence");
      const { told: read } = await asked("read", evidence);
      const machines = read.machines.length;
      done(`✓ evidence read: ${read.format}${machines > 1 ? `, ${machines} machines` : ""}`);
      if (machines > 1) {
        given.select = $("machine").value;
        if (!given.select) return choose(read.machines);
      }
      const { told, took } = await asked("verify", given);
      done(`✓ judged in ${seconds(took)}`);
      show(told);
    } catch (error) {
      done("✗ no verdict");
      alarm(error);
    } finally {
      running(false);
    }
  }
  function choose(labels) {
    $("machine").replaceChildren(...labels.map((label) => Object.assign(made("option", label), { value: label })));
    $("which").hidden = false;
    $("machine").focus();
    done(`– the evidence is of ${labels.length} machines: choose one and verify again`);
  }
  function running(is) {
    busy = is;
    $("verify").disabled = is || files.length === 0;
    $("stop").hidden = !is;
  }
  function show(told) {
    verified = told;
    steps(JSON.parse(told.json));
    $("notes").textContent = told.notes.join(" ");
    $("text").textContent = told.text;
    // Every string in it is escaped where it is made, and no script but this one may run.
    const page = new DOMParser().parseFromString(told.html, "text/html");
    $("report").replaceChildren(...page.querySelector("main").childNodes);
    $("result").hidden = false;
    $("result").dataset.outcome = told.outcome;
    $("report").focus({ preventScroll: true });
    $("keep").scrollIntoView();
  }
  function keep(part) {
    const [name, type] = NAMES[part];
    const place = URL.createObjectURL(new Blob([verified[part]], { type }));
    const link = Object.assign(made("a"), { href: place, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(place), 10000);
  }

  // A request that must fail, from the page and from the worker.
  async function send() {
    const before = violations.length;
    const place = location.protocol.startsWith("http") ? location.href : "https://request.invalid/";
    const tries = [fetch(place, { mode: "no-cors" }).then(() => "sent", () => "stopped"), asked("send", place).then(({ told }) => told)];
    const told = await Promise.all(tries);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const seen = violations.slice(before).filter((line) => line.startsWith("connect-src "));
    const held = told.every((word) => word === "stopped") && seen.length >= 2;
    $("sent").textContent = held
      ? "✓ Stopped by your browser, on the page and in the worker: the policy holds."
      : "✗ NOT STOPPED. Do not give this page anything.";
    $("sent").className = held ? "pass" : "fail";
  }

  $("policy").textContent = document.querySelector("meta[http-equiv]").content.replaceAll("; ", ";\n");
  $("files").onchange = () => add([...$("files").files]).then(() => { $("files").value = ""; });
  $("use").onclick = () => {
    const bytes = new TextEncoder().encode($("paste").value);
    if (bytes.length === 0) return $("paste").focus();
    return add([{ name: "standard input", size: bytes.length, pasted: bytes }]).then(() => { $("paste").value = ""; });
  };
  $("verify").onclick = verify;
  $("stop").onclick = () => { end({ code: "stopped", message: "stopped" }); start(); };
  $("send").onclick = send;
  for (const button of document.querySelectorAll("button[data-part]")) button.onclick = () => keep(button.dataset.part);
  addEventListener("dragover", (event) => { event.preventDefault(); $("drop").classList.add("over"); });
  addEventListener("dragleave", () => $("drop").classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    $("drop").classList.remove("over");
    add([...event.dataTransfer.files]);
  });
  start();
})();
