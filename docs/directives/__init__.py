"""What the site has beyond pages: each module is an extension of Sphinx, with one directive or one habit."""
