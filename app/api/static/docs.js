"use strict";
// A file of its own, because the page's policy allows no script inside the HTML.
window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  presets: [SwaggerUIBundle.presets.apis],
  // The default asks a validator on the internet.
  validatorUrl: null,
});
