// Looks at a drawn page. Marks are grouped by layer class, since a chart's rounded bars are groups of their own.
() => {
    const box = element => element.getBoundingClientRect();
    const visible = element => {
        const style = getComputedStyle(element);
        return style.opacity !== "0" && style.fillOpacity !== "0" | style.strokeOpacity !== "0" && style.display !== "none";
    };
    const layers = svg => {
        const found = {};
        for (const group of svg.querySelectorAll("g.role-mark:not(.mark-group)")) {
            const kind = [...group.classList].find(name => name.startsWith("mark-"));
            const name = [...group.classList].find(name => !name.startsWith("mark-") && !name.startsWith("role-")) ?? "marks";
            const marks = [...group.children].filter(visible);
            const isLine = kind === "mark-line" || kind === "mark-rule";
            const size = marks.reduce((sum, mark) => {
                const { width, height } = box(mark);
                return sum + (isLine ? Math.max(width, height) : width * height);
            }, 0);
            found[name] ??= { kind, size: 0, marks: 0 };
            found[name].size += size;
            found[name].marks += marks.length;
        }
        return found;
    };
    const meet = (one, other) =>
        Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1
        && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 1;
    const overlaps = svg => {
        const titles = [...svg.querySelectorAll(".role-axis-title text, .role-title text")];
        const legends = [...svg.querySelectorAll(".role-legend text")];
        return titles.flatMap(title =>
            legends.filter(text => meet(box(title), box(text))).map(text => `${title.textContent} / ${text.textContent}`));
    };
    // Figures of one layer must not run into each other, nor names of one axis.
    const collisions = svg => [...svg.querySelectorAll("g.mark-text")].reduce((sum, group) => {
        const texts = [...group.querySelectorAll("text")].filter(text => text.textContent && text.style.opacity !== "0"
            && text.getAttribute("opacity") !== "0").map(box);
        return sum + texts.filter((one, place) => texts.slice(place + 1).some(other => meet(one, other))).length;
    }, 0);
    const charts = [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')].map(chart => {
        const svg = chart.querySelector("svg");
        return {
            card: chart.closest('[class*="st-key-"]')?.className.match(/st-key-([\w-]+)/)?.[1] ?? "?",
            height: box(chart).height,
            layers: svg ? layers(svg) : null,
            overlaps: svg ? overlaps(svg) : [],
            colours: svg ? [...new Set([...svg.querySelectorAll("[fill], [stroke]")].flatMap(
                mark => [mark.getAttribute("fill"), mark.getAttribute("stroke")]))] : [],
            collisions: svg ? collisions(svg) : 0,
            notNumbers: svg ? svg.innerHTML.split("NaN").length - 1 : 0,
            labels: svg ? [...svg.querySelectorAll(".role-axis-label text")].map(text => text.textContent) : [],
        };
    });
    const main = document.querySelector('[data-testid="stMain"]');
    const texts = selector => [...document.querySelectorAll(selector)].map(element => element.innerText.trim());
    return {
        charts,
        exceptions: texts('[data-testid="stException"]'),
        dialogs: document.querySelectorAll('[role="dialog"]').length,
        metrics: texts('[data-testid="stMetricValue"]'),
        tables: document.querySelectorAll('[data-testid="stDataFrame"]').length,
        words: main.innerText,
        sideways: Math.max(main.scrollWidth - main.clientWidth,
            document.documentElement.scrollWidth - document.documentElement.clientWidth),
    };
}
