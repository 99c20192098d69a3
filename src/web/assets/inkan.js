"use strict";
/* The charts by uPlot, from the tables beside them.  Without this file the pages
 * have the same charts as plain drawings. */
(function () {
	function number(cell) { return Number(cell.textContent.replace(/[^0-9]/g, "")); }

	/* A day for each day between the first and the last, with nothing where nothing was. */
	function read(table) {
		var found = new Map(), first = Infinity, last = -Infinity;
		table.querySelectorAll("tbody tr").forEach(function (row) {
			var cells = row.children, day = Date.parse(cells[0].textContent + "T00:00:00Z") / 86400000;
			found.set(day, { pass: number(cells[2]), fail: number(cells[3]), to: cells[0].querySelector("a[href]") });
			first = Math.min(first, day);
			last = Math.max(last, day);
		});
		var days = [], all = [], pass = [], fail = [], to = [];
		for (var d = first; d <= last; d++) {
			var v = found.get(d) || { pass: 0, fail: 0, to: null };
			days.push(d * 86400);
			all.push(v.pass + v.fail);
			pass.push(v.pass);
			fail.push(v.fail);
			to.push(v.to ? v.to.href : null);
		}
		return { data: [days, all, pass], fail: fail, to: to };
	}

	function color(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

	function draw(figure) {
		var plot = figure.querySelector(".plot"), table = figure.querySelector("table");
		if (!plot || !table || !table.tBodies[0].rows.length || typeof uPlot === "undefined")
			return;
		var r = read(table), box = document.createElement("div"), words = plot.dataset, chart = null;
		if (r.data[0].length > 5000)
			return;
		var bars = uPlot.paths.bars({ size: [0.86, 60] });
		var lang = document.documentElement.lang;
		function make() {
			if (chart)
				chart.destroy();
			var axis = { stroke: color("--dim"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line") } };
			chart = new uPlot({
				width: plot.clientWidth, height: plot.clientWidth < 500 ? 190 : 260,
				tzDate: function (ts) { return uPlot.tzDate(new Date(ts * 1000), "Etc/UTC"); },
				scales: { x: { range: function (u, low, high) { return [low - 43200, high + 43200]; } }, y: { range: function (u, low, high) { return [0, (high || 1) * 1.05]; } } },
				axes: [
					Object.assign({}, axis, { grid: { show: false }, values: "{YYYY}-{MM}-{DD}", space: 90 }),
					Object.assign({}, axis, { size: 64, values: function (u, v) { return v.map(function (x) {
						return new Intl.NumberFormat(lang, { notation: "compact" }).format(x); }); } })
				],
				series: [
					{ label: words.day, value: function (u, v) { return v == null ? "–" : new Date(v * 1000).toISOString().slice(0, 10); } },
					{ label: words.fail, fill: color("--fail"), stroke: color("--fail"), width: 0, paths: bars, points: { show: false },
						value: function (u, v, s, i) { return i == null ? "–" : r.fail[i].toLocaleString("en"); } },
					{ label: words.pass, fill: color("--pass"), stroke: color("--pass"), width: 0, paths: bars, points: { show: false },
						value: function (u, v) { return v == null ? "–" : v.toLocaleString("en"); } }
				],
				cursor: { drag: { x: false, y: false }, points: { show: false } }
			}, r.data, box);
			chart.over.addEventListener("click", function () {
				var i = chart.cursor.idx;
				if (i != null && r.to[i])
					location.href = r.to[i];
			});
		}
		plot.replaceChildren(box);
		var axisLine = figure.querySelector(".axis");
		if (axisLine)
			axisLine.hidden = true;
		make();
		var wide = plot.clientWidth;
		new ResizeObserver(function () {
			if (plot.clientWidth !== wide) {
				wide = plot.clientWidth;
				make();
			}
		}).observe(plot);
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", make);
	}

	document.querySelectorAll("figure.chart").forEach(draw);
}());
