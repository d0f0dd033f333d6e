"use strict";
// The whole script of a page: unpacks the viewer, whose hash the page's policy names, and runs it.
{
  const policy = self.trustedTypes?.createPolicy("refold", { createScript: (text) => text });
  const packed = Uint8Array.from(atob(document.getElementById("viewer").textContent), (c) => c.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  new Response(unpacked).text().then((text) => {
    const script = document.createElement("script");
    script.text = policy ? policy.createScript(text) : text;
    document.body.append(script);
  });
}
