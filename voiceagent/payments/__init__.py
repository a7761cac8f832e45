"""Payment codes: Pix "copia e cola" and boleto, read and written."""
