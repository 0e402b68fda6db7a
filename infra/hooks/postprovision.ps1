# azd runs this after it provisioned: the secrets are in Key Vault now, so they leave the azd environment's file.
$ErrorActionPreference = 'Stop'

foreach ($name in 'HUNTER_TOKEN_CACHE_KEY', 'HUNTER_PARTNER_CENTER_CLIENT_SECRET') {
    if ([Environment]::GetEnvironmentVariable($name)) {
        # NAME= rather than NAME '': some PowerShells drop an empty argument.
        azd env set "$name="
        if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
    }
}

& (Join-Path $PSScriptRoot 'smoke.ps1') -IfDeployed
exit $LASTEXITCODE
