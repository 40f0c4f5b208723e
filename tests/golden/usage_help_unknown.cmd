mboxtrace help conect
